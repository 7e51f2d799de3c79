//! Whose order decides between what both sides have. Where the facts leave two answers open there is none.

use crate::observation::OrderOf;

/// The suite chosen among those that both sides can use, given in the client's order and in the server's; nothing where
/// the facts do not say. `chacha_first`: the client's most wanted suite of all is one with `CHACHA20`, which moves such
/// suites to the front on servers with the order [`OrderOf::Mixed`].
pub(super) fn suite<'s>(
    order: Option<OrderOf>,
    by_client: &[&'s str],
    by_server: &[&'s str],
    chacha_first: bool,
) -> Option<&'s str> {
    let (client, server) = (*by_client.first()?, *by_server.first()?);
    if client == server {
        return Some(client);
    }
    match order {
        Some(OrderOf::Client) => Some(client),
        Some(OrderOf::Server) => Some(server),
        Some(OrderOf::Mixed) => {
            let chacha = by_server.iter().copied().find(|name| name.contains("CHACHA20"));
            match (chacha, chacha_first) {
                (Some(chacha), true) => Some(chacha),
                (Some(_), false) => Some(server),
                // the third choice that was seen had another reason
                (None, _) => None,
            }
        }
        None => None,
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
        let chosen = |order, chacha| suite(order, &client, &server, chacha);
        assert_eq!(chosen(Some(OrderOf::Client), false), Some("A"));
        assert_eq!(chosen(Some(OrderOf::Server), false), Some("B"));
        assert_eq!(chosen(Some(OrderOf::Mixed), false), Some("B"));
        assert_eq!(chosen(Some(OrderOf::Mixed), true), Some("CHACHA20_1"));
        assert_eq!(suite(Some(OrderOf::Mixed), &["A", "B"], &["B", "A"], true), None);
        assert_eq!(chosen(None, false), None);
        assert_eq!(suite(None, &["A", "B"], &["A", "C"], false), Some("A"));
        assert_eq!(suite(Some(OrderOf::Server), &[], &[], false), None);
        assert_eq!(groups(&["x", "y"], &["y", "x"]), ["x", "y"]);
        assert_eq!(groups(&["x"], &["x"]), ["x"]);
    }
}
