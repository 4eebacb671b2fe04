//! The offer asks for media over IPv6.

use crate::call::OfferUnderTest;
use crate::call::Rejection;
use crate::diagnosis::mark::Mark;
use crate::diagnosis::mark::WrittenOffer;
use crate::sdp::ConnectionData;
use crate::sdp::Line;

use super::super::show;
use super::Finding;

pub(super) const FINDING: Finding = Finding {
    name: "ipv6-offer",
    meaning: "A stream of the offer has an IPv6 connection address; Direct Routing takes media over IPv4 alone. Turn the SBC's media interface \
              towards Teams to IPv4.",
    words: &[],
    observe,
    refuser: None,
    excludes_cases: false,
    mark,
};

fn observe(rejection: &Rejection<'_, '_>) -> Option<String> {
    let OfferUnderTest::Whole(description) = &rejection.offer else {
        return None;
    };
    let live = description.media.iter().filter(|media| media.is_live());
    let mut connections = live.filter_map(|media| description.connection_of(media));
    let found = connections.find(|connection| is_ipv6(connection))?;
    Some(format!(
        "connection address {} is IPv6",
        show(found.address)
    ))
}

fn is_ipv6(connection: &ConnectionData<'_>) -> bool {
    connection.addrtype.eq_ignore_ascii_case(b"IP6") && !connection.is_unspecified()
}

/// The `c=` lines with an IPv6 address.
fn mark(offer: &WrittenOffer<'_>) -> Vec<Mark> {
    let is_told = |line: &&Line<'_>| {
        line.connection()
            .is_some_and(|connection| is_ipv6(&connection))
    };
    let lines = offer.lines.iter().filter(is_told);
    lines
        .map(|line| {
            Mark::shows(
                line.number,
                "IPv6: Direct Routing takes media over IPv4 alone",
            )
        })
        .collect()
}
