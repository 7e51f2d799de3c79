//! Whose order decides between what both sides have. Where the facts leave two answers open there is none.

use crate::observation::OrderOf;

/// The suite chosen among those that both sides can use, given in the client's order and in the server's; nothing where
/// the facts do not say. `chacha_first`: the client's most wanted suite of all is one with `CHACHA20`.
pub(super) fn suite<'s>(
    order: Option<OrderOf>,
    by_client: &[&'s str],
    by_server: &[&'s str],
    chacha_first: bool,
) -> Option<&'s str> {
    let (client, server) = (*by_client.first()?, *by_server.first()?);
    let moved = by_server.iter().copied().find(|name| name.contains("CHACHA20"));
    match order {
        Some(OrderOf::ServerButChacha20) if chacha_first => Some(moved.unwrap_or(server)),
        _ if client == server => Some(client),
        Some(OrderOf::Client) => Some(client),
        Some(OrderOf::Server | OrderOf::ServerButChacha20) => Some(server),
        // the third choice that was seen had a reason that was not
        Some(OrderOf::Mixed) | None => None,
    }
}

/// The groups that may be chosen among those that both have, most likely first: the first of either order.
pub(super) fn groups(by_client: &[&str], by_server: &[&str]) -> Vec<String> {
    let mut firsts: Vec<String> =
        by_client.first().into_iter().chain(by_server.first()).map(|name| (*name).to_owned()).collect();
    firsts.dedup();
    firsts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_order_it_is_decides() {
        let client = ["A", "CHACHA20_1", "B"];
        let server = ["B", "A", "CHACHA20_1"];
        let chosen = |order, first| suite(order, &client, &server, first);
        assert_eq!(chosen(Some(OrderOf::Client), false), Some("A"));
        assert_eq!(chosen(Some(OrderOf::Server), false), Some("B"));
        assert_eq!(chosen(Some(OrderOf::Server), true), Some("B"));
        assert_eq!(chosen(Some(OrderOf::ServerButChacha20), false), Some("B"));
        assert_eq!(chosen(Some(OrderOf::ServerButChacha20), true), Some("CHACHA20_1"));
        assert_eq!(chosen(Some(OrderOf::Mixed), false), None);
        assert_eq!(chosen(None, false), None);
        assert_eq!(suite(Some(OrderOf::ServerButChacha20), &["A"], &["A"], true), Some("A"));
        assert_eq!(suite(None, &["A", "B"], &["A", "C"], false), Some("A"));
        assert_eq!(suite(Some(OrderOf::Server), &[], &[], false), None);
        assert_eq!(groups(&["x", "y"], &["y", "x"]), ["x", "y"]);
        assert_eq!(groups(&["x"], &["x"]), ["x"]);
    }
}
