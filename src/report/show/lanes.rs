//! Which column of a ladder is whose.

use std::net::IpAddr;

use crate::packet::Endpoint;
use crate::trunk::party::End;

use super::Leg;
use super::Step;
use super::shown;

/// The columns, in the order in which their owners appear.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    pub(super) all: Vec<Lane>,
}

/// One column.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    address: IpAddr,
    /// Where both ends of a message have the address.
    port: Option<u16>,
    /// `Teams`, or what the trunk is called; empty where nobody knows.
    pub(super) name: String,
}

impl Lanes {
    pub(super) fn of(legs: &[Leg<'_>], steps: &[Step<'_, '_>]) -> Self {
        let is_shared = |address: IpAddr| {
            let both = |step: &Step<'_, '_>| [step.arrow.from.address, step.arrow.to.address];
            steps.iter().any(|step| both(step) == [address; 2])
        };
        let mut lanes = Self::default();
        for step in steps {
            for end in [step.arrow.from, step.arrow.to] {
                if lanes.find(end).is_none() {
                    lanes.all.push(Lane {
                        address: end.address,
                        port: is_shared(end.address).then_some(end.port),
                        name: String::new(),
                    });
                }
            }
        }
        lanes.name(legs, steps);
        lanes
    }

    /// Teams is known by its messages, and its trunk is the other end; of a leg without Teams, both ends have the names
    /// that they would have as trunks.
    fn name(&mut self, legs: &[Leg<'_>], steps: &[Step<'_, '_>]) {
        for step in steps {
            let (from, to) = (step.arrow.from, step.arrow.to);
            let (teams, other) = match step.arrow.teams {
                Some(End::Sender) => (from, to),
                Some(End::Receiver) => (to, from),
                None => continue,
            };
            self.call(teams, "Teams");
            self.call(other, &shown(&legs[step.leg].call.trunk));
        }
        for row in legs.iter().map(|leg| &leg.call) {
            let ends = row.ends.as_ref();
            if let (Some(source), Some(ends)) = (row.source, ends) {
                self.call(source, &shown(&ends.caller));
            }
            if let (Some(destination), Some(ends)) = (row.destination, ends) {
                self.call(destination, &shown(&ends.callee));
            }
        }
    }

    /// Names a column, unless it has a name.
    fn call(&mut self, end: Endpoint, name: &str) {
        if let Some(place) = self.find(end) {
            let lane = &mut self.all[place];
            if lane.name.is_empty() && name != lane.address() {
                name.clone_into(&mut lane.name);
            }
        }
    }

    /// The column of an end.
    pub(super) fn find(&self, end: Endpoint) -> Option<usize> {
        let is_its = |lane: &Lane| {
            lane.address == end.address && lane.port.is_none_or(|port| port == end.port)
        };
        self.all.iter().position(is_its)
    }
}

impl Lane {
    /// The address, and the port where that tells it from another.
    pub(super) fn address(&self) -> String {
        match (self.address, self.port) {
            (address, _) if address.is_unspecified() => "unknown address".to_owned(),
            (address, None) => address.to_string(),
            (IpAddr::V4(address), Some(port)) => format!("{address}:{port}"),
            (IpAddr::V6(address), Some(port)) => format!("[{address}]:{port}"),
        }
    }
}
