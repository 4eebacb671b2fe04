//! What happens in the two-carrier night, call by call.

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Answered,
    Busy,
    Unavailable,
    NotFound,
    Cancelled,
    /// The carrier asks for credentials first.
    Challenged,
    ChallengedThenCancelled,
    /// A Teams data centre is out of service, and the next one answers: another Call-ID, the same carrier's leg.
    Failover,
    /// Teams refuses what the SBC offers in the clear, with its phrase.
    Refused,
    /// The same without a phrase.
    RefusedWithoutPhrase,
    /// In the clear, and with a codec that Teams does not know; no phrase.
    RefusedForEither,
    /// The carrier refuses what Teams offers.
    RefusedByCarrier,
    /// The SBC refuses the offer itself, and calls nobody.
    RefusedBySbc,
}

/// The carrier's end of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carrier {
    /// Carrier A at 203.0.113.20. It writes 0049… and passes Session-ID (RFC 7989) on.
    A,
    /// Carrier A at 203.0.113.21, for whose calls the SBC does not encrypt towards Teams.
    Clear,
    /// Carrier B at 203.0.113.40. It writes 0… and asks for credentials.
    B,
}

/// Which capture holds what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Carrier,
    Teams,
}

/// A call of the night.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Whether the carrier calls, and Teams is called.
    pub(crate) to_teams: bool,
    pub(crate) carrier: Carrier,
    pub(crate) fate: Fate,
    /// The one side that was captured, where it is one alone.
    pub(crate) only: Option<Side>,
    /// Milliseconds after this call, the same two numbers once more.
    pub(crate) again: Option<u64>,
}

const fn plan(to_teams: bool, carrier: Carrier, fate: Fate) -> Plan {
    Plan {
        to_teams,
        carrier,
        fate,
        only: None,
        again: None,
    }
}

/// The night in the order of time.
pub(crate) fn plans() -> Vec<Plan> {
    let inward = |carrier, fate| plan(true, carrier, fate);
    let outward = |carrier, fate| plan(false, carrier, fate);
    let alone = |plan: Plan, side| Plan {
        only: Some(side),
        ..plan
    };
    let again = |plan: Plan, after| Plan {
        again: Some(after),
        ..plan
    };
    vec![
        inward(Carrier::A, Fate::Answered),
        inward(Carrier::Clear, Fate::Refused),
        inward(Carrier::B, Fate::Answered),
        outward(Carrier::A, Fate::Answered),
        inward(Carrier::B, Fate::Busy),
        outward(Carrier::B, Fate::Challenged),
        inward(Carrier::Clear, Fate::Refused),
        inward(Carrier::A, Fate::Cancelled),
        outward(Carrier::B, Fate::RefusedByCarrier),
        inward(Carrier::B, Fate::Answered),
        again(inward(Carrier::A, Fate::Answered), 1_100),
        inward(Carrier::A, Fate::Answered),
        inward(Carrier::A, Fate::Failover),
        alone(inward(Carrier::B, Fate::Answered), Side::Carrier),
        inward(Carrier::Clear, Fate::Refused),
        outward(Carrier::A, Fate::Busy),
        inward(Carrier::B, Fate::NotFound),
        outward(Carrier::B, Fate::RefusedBySbc),
        inward(Carrier::A, Fate::Unavailable),
        inward(Carrier::Clear, Fate::RefusedWithoutPhrase),
        outward(Carrier::B, Fate::Challenged),
        alone(inward(Carrier::A, Fate::Answered), Side::Teams),
        inward(Carrier::B, Fate::Answered),
        inward(Carrier::A, Fate::Busy),
        again(inward(Carrier::B, Fate::Answered), 120),
        inward(Carrier::B, Fate::Busy),
        inward(Carrier::Clear, Fate::Refused),
        outward(Carrier::B, Fate::RefusedByCarrier),
        inward(Carrier::A, Fate::Answered),
        inward(Carrier::B, Fate::Cancelled),
        inward(Carrier::A, Fate::RefusedBySbc),
        outward(Carrier::A, Fate::Answered),
        inward(Carrier::Clear, Fate::RefusedForEither),
        alone(outward(Carrier::B, Fate::Cancelled), Side::Teams),
        inward(Carrier::B, Fate::Answered),
        alone(inward(Carrier::A, Fate::Busy), Side::Carrier),
        inward(Carrier::Clear, Fate::Refused),
        outward(Carrier::B, Fate::ChallengedThenCancelled),
        inward(Carrier::A, Fate::Answered),
        outward(Carrier::B, Fate::RefusedByCarrier),
        inward(Carrier::Clear, Fate::Refused),
        inward(Carrier::B, Fate::Busy),
        outward(Carrier::A, Fate::Busy),
    ]
}
