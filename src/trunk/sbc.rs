//! Which addresses are the SBC's: what decides who refused where neither end is Teams.

use std::cmp::Ordering;
use std::net::IpAddr;

use rustc_hash::FxHashSet;

use super::config::Config;
use super::config::Place;
use super::config::Trunk;
use super::party::End;

/// Addresses kept as the SBC's at most: a site has a few. Of more the least are kept, in whatever order they came.
const SBC_ADDRESSES: usize = 100_000;

/// The addresses that talked to Teams in this run, and those that the configuration names.
#[derive(Clone, Debug, Default)]
pub struct SbcAddresses {
    seen: FxHashSet<IpAddr>,
    /// True where there were more than are kept.
    pub has_left_out: bool,
    /// What the configuration says of addresses.
    config: Config,
}

impl SbcAddresses {
    /// Those that the configuration names.
    pub fn new(config: &Config) -> Self {
        Self {
            seen: FxHashSet::default(),
            has_left_out: false,
            config: config.clone(),
        }
    }

    /// Notes the other end of a message that Teams sent or got.
    pub fn note(&mut self, from: IpAddr, to: IpAddr, teams_end: End) {
        let other = if teams_end == End::Sender { to } else { from };
        // An address that an export or a mirror left out is nobody's.
        if !other.is_unspecified() {
            self.seen.insert(other);
            self.keep_bound(2 * SBC_ADDRESSES);
        }
    }

    /// Adds what another part of the run noted.
    pub fn join(&mut self, other: &Self) {
        self.has_left_out |= other.has_left_out;
        self.seen.extend(&other.seen);
        self.keep_bound(SBC_ADDRESSES);
    }

    /// Beyond `most`, keeps the least: that they are among the least is true of them in whatever part of a run.
    fn keep_bound(&mut self, most: usize) {
        if self.seen.len() > most {
            let mut all: Vec<IpAddr> = self.seen.drain().collect();
            all.sort_unstable();
            all.truncate(SBC_ADDRESSES);
            self.seen.extend(all);
            self.has_left_out = true;
        }
    }

    /// True for an address of an SBC: one that talked to Teams, or that the configuration names, and not as a carrier's.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.standing(address) > Standing::Unknown
    }

    /// Which of two ends is the SBC, where one of them is.
    pub fn which(&self, sender: IpAddr, receiver: IpAddr) -> Option<End> {
        match self.standing(sender).cmp(&self.standing(receiver)) {
            Ordering::Greater => Some(End::Sender),
            Ordering::Less => Some(End::Receiver),
            Ordering::Equal => None,
        }
    }

    fn standing(&self, address: IpAddr) -> Standing {
        let is_trunk = |trunk: &Trunk| {
            let network = |place: &Place| place.network.contains(&address.to_canonical());
            trunk.addresses.iter().any(network)
        };
        Standing::of(
            self.seen.contains(&address) || self.config.is_sbc(Some(address), None),
            self.config.is_carrier(Some(address), None),
            self.config.trunks.iter().any(is_trunk),
        )
    }
}

/// How much speaks for an end's being the SBC: of two ends, the higher one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// Named as a carrier's.
    Carrier,
    /// Nothing is known, or one thing contradicts another.
    Unknown,
    /// A trunk's address, which may be a carrier's trunk.
    Trunk,
    /// Named as the SBC's, or talked to Teams.
    Sbc,
}

impl Standing {
    pub(super) fn of(is_sbc: bool, is_carrier: bool, is_trunk: bool) -> Self {
        match (is_sbc, is_carrier) {
            (true, false) => Self::Sbc,
            (false, true) => Self::Carrier,
            (false, false) if is_trunk => Self::Trunk,
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::net::Ipv4Addr;

    use super::Config;
    use super::End;
    use super::SBC_ADDRESSES;
    use super::SbcAddresses;
    use crate::trunk::Refusal;
    use crate::trunk::Refuser;

    fn refused(config: &str, sender: &str, receiver: &str) -> Option<Refuser> {
        let mut sbc = SbcAddresses::new(&Config::parse(config).unwrap());
        sbc.note(
            "192.0.2.1".parse().unwrap(),
            "52.114.1.1".parse().unwrap(),
            End::Receiver,
        );
        let (sender, receiver) = (sender.parse().unwrap(), receiver.parse().unwrap());
        Refusal::Between { sender, receiver }.settle(&sbc)
    }

    #[test]
    fn who_talked_to_teams_is_the_sbc() {
        assert_eq!(refused("", "192.0.2.1", "203.0.113.1"), Some(Refuser::Sbc));
        assert_eq!(
            refused("", "203.0.113.1", "192.0.2.1"),
            Some(Refuser::Carrier)
        );
        assert_eq!(refused("", "203.0.113.1", "203.0.113.2"), None);
    }

    #[test]
    fn a_carriers_trunk_is_not_the_sbc_beside_one_that_talked_to_teams() {
        let trunk = "[[trunk]]\nname = \"A\"\naddresses = [\"203.0.113.0/24\"]\n";
        assert_eq!(
            refused(trunk, "203.0.113.1", "192.0.2.1"),
            Some(Refuser::Carrier)
        );
        assert_eq!(
            refused(trunk, "203.0.113.1", "198.51.100.1"),
            Some(Refuser::Sbc)
        );
    }

    #[test]
    fn a_named_carrier_makes_the_other_end_the_sbc() {
        let carrier = "[carrier]\naddresses = [\"203.0.113.0/24\"]\n";
        assert_eq!(
            refused(carrier, "203.0.113.1", "198.51.100.1"),
            Some(Refuser::Carrier)
        );
        assert_eq!(
            refused(carrier, "198.51.100.1", "203.0.113.1"),
            Some(Refuser::Sbc)
        );
    }

    #[test]
    fn what_is_named_both_ways_tells_nothing() {
        let both =
            "[sbc]\naddresses = [\"203.0.113.1\"]\n[carrier]\naddresses = [\"203.0.113.1\"]\n";
        assert_eq!(refused(both, "203.0.113.1", "198.51.100.1"), None);
    }

    #[test]
    fn of_too_many_addresses_the_least_are_kept_in_whatever_order_they_come() {
        let teams = "52.114.1.1".parse().unwrap();
        let address = |number: u32| IpAddr::V4(Ipv4Addr::from(0x0A00_0000 + number));
        let numbers = 0..=u32::try_from(2 * SBC_ADDRESSES).unwrap();
        let [mut upwards, mut downwards] = [SbcAddresses::default(), SbcAddresses::default()];
        numbers
            .clone()
            .for_each(|number| upwards.note(address(number), teams, End::Receiver));
        numbers
            .rev()
            .for_each(|number| downwards.note(address(number), teams, End::Receiver));
        let mut all = SbcAddresses::default();
        all.join(&downwards);
        assert!(all.has_left_out && upwards.has_left_out);
        assert_eq!(all.seen, upwards.seen);
        assert_eq!(all.seen.len(), SBC_ADDRESSES);
        assert!(all.contains(address(0)) && !all.contains(address(150_000)));
    }
}
