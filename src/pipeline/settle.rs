//! What only the whole run can tell of a row: who refused between two strangers, and whether a trunk uses bypass.

use std::sync::Arc;

use crate::pstn_report::PstnReport;
use crate::report::relation::passed_on;
use crate::report::row::Row;
use crate::trunk::Config;
use crate::trunk::Direction;
use crate::trunk::SbcAddresses;
use crate::trunk::TrunkHistory;
use crate::trunk::party::End;

/// What the whole run told.
#[derive(Debug)]
pub struct Settlement {
    /// The trunks' configuration.
    pub config: Config,
    /// Addresses that talked to Teams.
    pub sbc: SbcAddresses,
    /// Offers that each trunk got accepted.
    pub history: TrunkHistory,
    /// Microsoft's own reports.
    pub pstn_report: Option<Arc<PstnReport>>,
}

impl Settlement {
    /// Completes a row.
    pub fn settle(&self, row: &mut Row<'_>) {
        self.settle_carrier(row);
        self.settle_rejection(row);
        if let Some(first) = row
            .relation
            .as_ref()
            .and_then(|of| of.refused_first.as_ref())
            && row.relation.as_ref().is_some_and(|of| of.relayed)
        {
            row.diagnosis = passed_on(row.diagnosis.take(), first);
        }
    }

    /// Which end of the carrier's leg is the carrier: the legs of a call tell, else the SBC's addresses.
    fn settle_carrier(&self, row: &mut Row<'_>) {
        let relation = row.relation.as_ref();
        let (ends, teams) = if row.has_teams {
            (relation.and_then(|of| of.carrier.clone()), row.direction)
        } else {
            let teams = relation.and_then(|of| of.teams);
            (row.ends.clone(), teams.or_else(|| self.way_of(row)))
        };
        if let (Some(ends), Some(teams)) = (ends, teams) {
            row.carrier_trunk = ends.beside(teams);
        }
    }

    /// Which way a call without Teams goes, by the addresses of the SBC.
    fn way_of(&self, row: &Row<'_>) -> Option<Direction> {
        match self
            .sbc
            .which(row.source?.address, row.destination?.address)?
        {
            End::Receiver => Some(Direction::ToTeams),
            End::Sender => Some(Direction::FromTeams),
        }
    }

    fn settle_rejection(&self, row: &mut Row<'_>) {
        let Some(unsettled) = row.unsettled.take() else {
            return;
        };
        row.rejected_by = unsettled.refusal.settle(&self.sbc);
        let bypass = self.history.bypass(&row.trunk, &self.config);
        row.diagnosis = Some(
            unsettled
                .observed
                .judge(unsettled.refusal, row.rejected_by, bypass),
        );
    }
}

/// Joins the rows of one call that was closed and then went on: another tap with another clock, or a Call-ID that rested for
/// a day. The earlier row tells the call; what it lacks comes from the later.
pub fn join<'a>(mut earlier: Row<'a>, mut later: Row<'a>) -> Row<'a> {
    use crate::report::row::Outcome;
    let relation = earlier.relation.take().or(later.relation.take());
    let ladder = match (earlier.ladder.take(), later.ladder.take()) {
        (Some(mut ladder), Some(rest)) => {
            ladder.join(*rest);
            Some(ladder)
        }
        (one, other) => one.or(other),
    };
    let named = match (earlier.named.take(), later.named.take()) {
        (Some(mut named), Some(rest)) => {
            named.join(*rest);
            Some(named)
        }
        (one, other) => one.or(other),
    };
    let rejections = earlier.rejections.saturating_add(later.rejections);
    let is_decided = |outcome| !matches!(outcome, Outcome::Incomplete | Outcome::Unanswered);
    if earlier.outcome == Outcome::Incomplete && later.outcome != Outcome::Incomplete {
        let start_time = earlier.start_time;
        let refused = earlier.clone();
        earlier = later;
        earlier.start_time = start_time.min(earlier.start_time);
        if refused.unsettled.is_some() && earlier.unsettled.is_none() {
            earlier.take_rejection(refused);
        }
    } else {
        if is_decided(later.outcome)
            && (!is_decided(earlier.outcome) || earlier.outcome == Outcome::Rejected)
        {
            (earlier.outcome, earlier.final_status, earlier.setup) =
                (later.outcome, later.final_status, later.setup);
        }
        earlier.duration = earlier.duration.or(later.duration);
        if later.unsettled.is_some() && earlier.unsettled.is_none() {
            earlier.take_rejection(later);
        }
    }
    earlier.rejections = rejections;
    earlier.relation = relation;
    earlier.ladder = ladder;
    earlier.named = named;
    earlier
}

#[cfg(test)]
mod tests {
    use super::join;
    use crate::report::relation::Relation;
    use crate::report::row::Outcome;
    use crate::report::row::Row;

    #[test]
    fn what_comes_after_a_call_was_closed_does_not_change_how_it_ended() {
        let answered = Row {
            outcome: Outcome::Answered,
            final_status: Some(200),
            rejections: 1,
            ..Row::default()
        };
        let stray = Row {
            outcome: Outcome::Incomplete,
            rejections: 1,
            ..Row::default()
        };
        let joined = join(answered.clone(), stray);
        assert_eq!(
            (joined.outcome, joined.final_status, joined.rejections),
            (answered.outcome, Some(200), 2)
        );
    }

    #[test]
    fn a_later_attempt_in_the_same_call_decides_it() {
        let refused = Row {
            outcome: Outcome::Rejected,
            final_status: Some(488),
            ..Row::default()
        };
        let answered = Row {
            outcome: Outcome::Answered,
            final_status: Some(200),
            ..Row::default()
        };
        assert_eq!(join(refused, answered).final_status, Some(200));
    }

    #[test]
    fn a_call_that_went_on_keeps_what_its_other_legs_told_either_part() {
        let related = || Row {
            relation: Some(Relation::default()),
            ..Row::default()
        };
        for (earlier, later) in [(related(), Row::default()), (Row::default(), related())] {
            assert!(join(earlier, later).relation.is_some());
        }
    }
}
