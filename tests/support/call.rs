//! What the two ends of a call remember of it: tags, numbers, sequence, branches.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::generator::Generator;

/// A request on its way, and what its responses repeat of it.
#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    /// `INVITE` and so on.
    pub(crate) method: String,
    /// The number in its CSeq.
    pub(crate) cseq: u32,
    /// The party that made it, and those that passed it on.
    pub(crate) path: Vec<String>,
    /// Where the last of them sent it.
    pub(crate) receiver: String,
    /// The last status of a response to it.
    pub(crate) status: u16,
    /// Its Vias, topmost first.
    pub(crate) vias: Vec<String>,
    /// Its From.
    pub(crate) from: String,
    /// Its To without a tag.
    pub(crate) to: String,
    /// The tag of its To, or of the last response to it.
    pub(crate) to_tag: Option<String>,
    /// Its Request-URI.
    pub(crate) uri: String,
}

/// A call under way.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Its Call-ID.
    pub(crate) id: String,
    /// The tag of the first From.
    pub(crate) tag: String,
    /// The tag that the called side gives unless it is told another.
    pub(crate) answering_tag: String,
    /// The calling party's user part, and the called party's.
    pub(crate) numbers: [String; 2],
    /// Who sent the first request, and to whom.
    pub(crate) ends: Option<[String; 2]>,
    /// The GUID by which Microsoft knows it.
    pub(crate) guid: String,
    /// The tag of the dialog, once there is a 2xx to an INVITE.
    pub(crate) established: Option<String>,
    /// The last tag that the called side gave.
    pub(crate) early: Option<String>,
    /// The last CSeq of each side: of the calling and of the called one.
    pub(crate) cseqs: [u32; 2],
    /// Every request so far.
    pub(crate) transactions: Vec<Transaction>,
    /// Who passes on what the calling side sends.
    pub(crate) proxies: BTreeSet<String>,
    /// Media ports by party.
    pub(crate) ports: BTreeMap<String, u16>,
    /// Where its tags, branches and keys come from.
    pub(crate) generator: Generator,
}

impl Call {
    /// A call of this name.
    pub(crate) fn named(name: &str) -> Self {
        let mut generator = Generator::named(name);
        Self {
            id: String::new(),
            tag: format!("1c{}", generator.between(100_000_000, 1_999_999_999)),
            answering_tag: generator.hex(32),
            numbers: ["+493023125417".to_owned(), "+12025550142".to_owned()],
            ends: None,
            guid: generator.guid(),
            established: None,
            early: None,
            cseqs: [0, 0],
            transactions: Vec::new(),
            proxies: BTreeSet::new(),
            ports: BTreeMap::new(),
            generator,
        }
    }

    /// Gives the call the Call-ID that its first sender would make, unless the ladder gave it one.
    pub(crate) fn choose_id(&mut self, from_teams: bool) {
        if self.id.is_empty() {
            let number = self.generator.between(100_000_000, 999_999_999);
            let second = self.generator.between(1_000, 9_999);
            self.id = if from_teams {
                self.generator.hex(32)
            } else {
                format!("{number}{second}@192.0.2.10")
            };
        }
    }

    /// 0 where a party is the calling side of the call, 1 where it is the called side.
    pub(crate) fn side(&self, party: &str) -> usize {
        let [calling, _] = self
            .ends
            .as_ref()
            .expect("the first request has fixed the ends");
        usize::from(calling != party && !self.proxies.contains(party))
    }

    /// The media port of a party: even, and the same throughout the call.
    pub(crate) fn port(&mut self, party: &str) -> u16 {
        if let Some(port) = self.ports.get(party) {
            return *port;
        }
        let port = u16::try_from(self.generator.between(3_000, 10_000) * 2).expect("below 20,000")
            + 30_000;
        self.ports.insert(party.to_owned(), port);
        port
    }

    /// What a response told the last hop, it tells the hop before.
    pub(crate) fn pass_back(&mut self, place: Option<usize>) {
        let Some(last) = place
            .and_then(|place| self.transactions.get(place))
            .cloned()
        else {
            return;
        };
        for transaction in &mut self.transactions {
            let same = transaction.cseq == last.cseq && transaction.method == last.method;
            if same
                && last
                    .path
                    .split_last()
                    .is_some_and(|(_, before)| before == transaction.path)
            {
                transaction.status = last.status;
                transaction.to_tag.clone_from(&last.to_tag);
            }
        }
    }

    /// The last request that a party sent or passed on to another, of one method or of any but ACK.
    pub(crate) fn last(&self, from: &str, to: &str, method: Option<&str>) -> Option<usize> {
        self.transactions.iter().rposition(|transaction| {
            transaction.receiver == to
                && transaction.path.last().is_some_and(|last| last == from)
                && method.map_or(transaction.method != "ACK", |method| {
                    method == transaction.method
                })
        })
    }
}
