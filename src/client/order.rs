//! Whose order decides between what both sides have. Where the facts leave two answers open there is none.

use crate::observation::OrderOf;

/// Where suites with `CHACHA20` stand: some servers put them first for clients that do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chacha {
    /// The client's most wanted suite of all is one.
    pub(super) first_for_client: bool,
    /// The server's least wanted suite of all is one: it was offered first when the order was tried the other way round.
    pub(super) last_for_server: bool,
}

/// The suite chosen among those that both sides can use, given in the client's order and in the server's; nothing where
/// the facts do not say.
pub(super) fn suite<'s>(
    order: Option<OrderOf>,
    by_client: &[&'s str],
    by_server: &[&'s str],
    chacha: Chacha,
) -> Option<&'s str> {
    let (client, server) = (*by_client.first()?, *by_server.first()?);
    if client == server {
        return Some(client);
    }
    let moved = by_server.iter().copied().find(|name| name.contains("CHACHA20"));
    match (order?, moved) {
        (OrderOf::Client, _) => Some(client),
        // it was not offered a suite that it could have moved, so it may move one
        (OrderOf::Server, Some(moved)) if chacha.first_for_client && !chacha.last_for_server => {
            (moved == server).then_some(server)
        }
        (OrderOf::Mixed, Some(moved)) if chacha.first_for_client => Some(moved),
        (OrderOf::Server, _) | (OrderOf::Mixed, Some(_)) => Some(server),
        // the third choice that was seen had another reason
        (OrderOf::Mixed, None) => None,
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
        let chacha = |first_for_client, last_for_server| Chacha { first_for_client, last_for_server };
        let chosen = |order, first| suite(order, &client, &server, chacha(first, true));
        assert_eq!(chosen(Some(OrderOf::Client), false), Some("A"));
        assert_eq!(chosen(Some(OrderOf::Server), false), Some("B"));
        assert_eq!(chosen(Some(OrderOf::Server), true), Some("B"));
        assert_eq!(chosen(Some(OrderOf::Mixed), false), Some("B"));
        assert_eq!(chosen(Some(OrderOf::Mixed), true), Some("CHACHA20_1"));
        assert_eq!(chosen(None, false), None);
        assert_eq!(suite(Some(OrderOf::Server), &client, &server, chacha(true, false)), None);
        assert_eq!(suite(Some(OrderOf::Mixed), &["A", "B"], &["B", "A"], chacha(true, true)), None);
        assert_eq!(suite(None, &["A", "B"], &["A", "C"], chacha(false, false)), Some("A"));
        assert_eq!(suite(Some(OrderOf::Server), &[], &[], chacha(false, false)), None);
        assert_eq!(groups(&["x", "y"], &["y", "x"]), ["x", "y"]);
        assert_eq!(groups(&["x"], &["x"]), ["x"]);
    }
}
