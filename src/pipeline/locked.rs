//! The TLS connections that could not be read: what is said of them, and which keys would have helped.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::net::SocketAddr;

use crate::packet::Endpoint;
use crate::report::encrypted::EncryptedConnections;
use crate::text::Text;
use crate::transport::tls::ClientRandom;
use crate::transport::tls::KeyLog;
use crate::transport::tls::resumption::Families;
use crate::transport::tls::session::Missing;
use crate::trunk::Teams;

use super::flow::LockedConnection;

/// Groups of connections that are told apart; the connections of those beyond are counted as left out.
const MAX_GROUPS: usize = 10_000;

/// Client randoms that are remembered, to know whether a key that comes late is one of theirs.
const MAX_RANDOMS: usize = 200_000;

/// Connections of the same two hosts that lack the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    client: IpAddr,
    server: Endpoint,
    server_name: Option<Text<'static>>,
    agreed: Option<(&'static str, Option<&'static str>)>,
    has_rsa_key_exchange: bool,
    missing: Missing,
}

/// All connections that could not be read.
#[derive(Debug, Default)]
pub struct LockedConnections {
    groups: BTreeMap<Group, (u64, u64)>,
    wanting: BTreeSet<ClientRandom>,
    families: Families,
    left_out: u64,
}

impl LockedConnections {
    /// Notes what a shard found.
    pub fn note(&mut self, all: Vec<LockedConnection>, families: Families) {
        self.families.join(families);
        for LockedConnection {
            client,
            server,
            packets,
            why,
        } in all
        {
            self.wanting.extend(why.random);
            if self.wanting.len() > MAX_RANDOMS {
                self.wanting.pop_last();
                self.left_out += 1;
            }
            let group = Group {
                client: client.address,
                server,
                server_name: why.server_name,
                agreed: why.agreed,
                has_rsa_key_exchange: why.has_rsa_key_exchange,
                missing: why.missing,
            };
            let counts = self.groups.entry(group).or_default();
            counts.0 += 1;
            counts.1 += packets;
            // Which are kept does not depend on the order in which they came.
            if self.groups.len() > MAX_GROUPS
                && let Some((_, (connections, _))) = self.groups.pop_last()
            {
                self.left_out += connections;
            }
        }
    }

    /// Adds what was learned of keys in the run. Returns how many connections that could not be read it may open.
    pub fn unlock(&self, keys: &mut KeyLog, late: &KeyLog) -> u64 {
        let is_wanted = |random: &&ClientRandom| keys.lacks(late, random);
        let opens = self.wanting.iter().filter(is_wanted).count() as u64;
        keys.join(late);
        let shares = !self.wanting.is_empty() && self.families.share(keys);
        opens + u64::from(shares)
    }

    /// Handshakes and connections that were not remembered.
    pub fn left_out(&self) -> u64 {
        self.left_out + self.families.left_out()
    }

    /// What the summary says of them: those that may be Teams' or SIP's first, then by packets.
    pub fn told(&self, teams: &Teams) -> Vec<EncryptedConnections> {
        let mut all: Vec<(bool, &Group, &(u64, u64))> = self
            .groups
            .iter()
            .map(|(group, counts)| (group.may_be_sip(teams), group, counts))
            .collect();
        all.sort_by(|one, other| {
            let key = |(may_be_sip, _, counts): &(bool, &Group, &(u64, u64))| {
                (!may_be_sip, std::cmp::Reverse(counts.1))
            };
            key(one).cmp(&key(other)).then_with(|| one.1.cmp(other.1))
        });
        all.into_iter()
            .map(
                |(may_be_sip, group, &(connections, packets))| EncryptedConnections {
                    client: group.client.to_string(),
                    server: SocketAddr::new(group.server.address, group.server.port).to_string(),
                    server_name: group.server_name.clone(),
                    version: group.agreed.map(|(version, _)| version),
                    suite: group.agreed.and_then(|(_, suite)| suite),
                    has_rsa_key_exchange: group.has_rsa_key_exchange,
                    missing: group.missing,
                    connections,
                    packets,
                    may_be_sip,
                },
            )
            .collect()
    }
}

impl Group {
    /// By name, address or port: SIP over TLS uses 5061 (RFC 3261 §19.1.2).
    fn may_be_sip(&self, teams: &Teams) -> bool {
        let is_teams = |address| teams.has_address(address);
        let has_name = self
            .server_name
            .as_ref()
            .is_some_and(|name| teams.has_host(name.as_bytes()));
        has_name
            || is_teams(self.client)
            || is_teams(self.server.address)
            || self.server.port == 5061
    }
}
