//! Identifiers of lives over time (CCLF9): which identifier a life goes by now (CCLF Information Packet 38.0, 3.1 and 5.1.1).
//!
//! A beneficiary's identifier may change several times, and each delivery carries the current one. Links lead from a previous
//! identifier to the one that was current when they were delivered, so they are followed to their end. Of links that lead
//! elsewhere from the same identifier the one delivered last counts; a link that later deliveries no longer list still holds.

use std::collections::{BTreeMap, HashMap};

/// A link from a previous identifier to the current one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// Day of the delivery.
    pub delivered: i32,
    /// Day on which the previous identifier ceased to be active; the largest day where it has not.
    pub obsolete: i32,
    /// Day on which it became active.
    pub effective: i32,
    /// Identifier that was current.
    pub current: String,
    /// Identifier before.
    pub previous: String,
}

/// The current identifier of each previous one.
#[derive(Clone, Debug, Default)]
pub struct Identities {
    current: HashMap<Vec<u8>, Vec<u8>>,
    /// Links from an identifier to itself.
    pub self_references: u64,
    /// Rings of identifiers that lead to each other.
    pub rings: u64,
    /// Identifiers that lead to different ones in different links.
    pub forks: u64,
}

impl Identities {
    /// From all links of all deliveries, in any order.
    pub fn of(links: &[Link]) -> Identities {
        let mut identities = Identities::default();
        let mut next: BTreeMap<&str, &Link> = BTreeMap::new();
        let mut forked: BTreeMap<&str, bool> = BTreeMap::new();
        for link in links {
            if link.current == link.previous {
                identities.self_references += 1;
                continue;
            }
            let known = next.entry(&link.previous).or_insert(link);
            if known.current != link.current {
                forked.insert(&link.previous, true);
            }
            *known = (*known).max(link);
        }
        identities.forks = forked.len() as u64;
        let mut ends: HashMap<&str, &str> = HashMap::new();
        for &start in next.keys() {
            let mut path: Vec<&str> = vec![start];
            let end = loop {
                let at = *path.last().expect("it begins with one");
                if let Some(end) = ends.get(at) {
                    break *end;
                }
                let Some(link) = next.get(at) else { break at };
                if let Some(from) = path.iter().position(|known| *known == link.current) {
                    identities.rings += 1;
                    // Whoever was current last in the ring is so now.
                    let last = path[from..].iter().map(|at| next[at]).max().expect("a ring has links");
                    break &last.current;
                }
                path.push(&link.current);
            };
            ends.extend(path.into_iter().map(|at| (at, end)));
        }
        let replaced = ends.into_iter().filter(|(previous, end)| previous != end);
        identities.current = replaced.map(|(from, to)| (from.into(), to.into())).collect();
        identities
    }

    /// The identifier that a life goes by now.
    #[inline]
    pub fn current<'a>(&'a self, id: &'a [u8]) -> &'a [u8] {
        self.current.get(id).map_or(id, Vec::as_slice)
    }

    /// Identifiers that are replaced.
    pub fn replaced(&self) -> usize {
        self.current.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Links as text: previous, current, delivery, day of the end.
    fn identities(text: &str) -> Identities {
        let links: Vec<Link> = text
            .lines()
            .map(|line| {
                let cells: Vec<&str> = line.split_whitespace().collect();
                let number = |at: usize| cells.get(at).map_or(0, |cell| cell.parse().expect("a day"));
                let (previous, current) = (cells[0].to_owned(), cells[1].to_owned());
                Link { previous, current, delivered: number(2), obsolete: number(3), effective: 0 }
            })
            .collect();
        let one = Identities::of(&links);
        let other = Identities::of(&links.iter().rev().cloned().collect::<Vec<_>>());
        assert_eq!(one.current, other.current, "the order of links has no say");
        one
    }

    fn now(identities: &Identities, id: &str) -> String {
        String::from_utf8(identities.current(id.as_bytes()).to_vec()).expect("ascii")
    }

    #[test]
    fn chains_are_followed_to_their_end() {
        let of = identities("A B\nB C\nX Y");
        assert_eq!(["A", "B", "C", "X", "Q"].map(|id| now(&of, id)), ["C", "C", "C", "Y", "Q"]);
        assert_eq!((of.rings, of.forks, of.self_references), (0, 0, 0));
    }

    #[test]
    fn an_identifier_that_leads_to_itself_stays() {
        let of = identities("A A 1\nB A 1");
        assert_eq!(["A", "B"].map(|id| now(&of, id)), ["A", "A"]);
        assert_eq!(of.self_references, 1);
    }

    #[test]
    fn the_latest_delivery_counts_and_older_links_hold() {
        let of = identities("A B 1\nA C 2\nX Y 1");
        assert_eq!(["A", "B", "X"].map(|id| now(&of, id)), ["C", "B", "Y"]);
        assert_eq!(of.forks, 1);
    }

    #[test]
    fn rings_end_where_the_last_link_leads() {
        let of = identities("A B 1 2020\nB A 1 2024\nZ A 1 2019");
        assert_eq!(["A", "B", "Z"].map(|id| now(&of, id)), ["A", "A", "A"]);
        assert_eq!(of.rings, 1);
        let of = identities("A B 1\nB C 2\nC A 3\nD C 1");
        assert_eq!(["A", "B", "C", "D"].map(|id| now(&of, id)), ["A", "A", "A", "A"]);
        assert_eq!(of.rings, 1);
    }
}
