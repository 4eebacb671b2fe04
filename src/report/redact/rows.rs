//! Rows and the summary. Each field is named: one more does not compile until somebody has decided about it.

use std::path::Path;

use crate::diagnosis::Diagnosis;
use crate::report::ladder::Arrow;
use crate::report::ladder::Ladder;
use crate::report::relation::RefusedFirst;
use crate::report::relation::Relation;
use crate::report::row::OfferFacts;
use crate::report::row::Row;
use crate::report::summary::RunSummary;
use crate::text::Text;

use super::Redaction;
use super::names::is_guid;
use super::text::Known;

/// Replaces a text in its place.
fn set(text: &mut Text<'_>, stand_in: impl FnOnce(&[u8]) -> Vec<u8>) {
    if !text.is_empty() {
        *text = Text::from(stand_in(text.as_bytes()));
    }
}

impl Redaction {
    /// Redacts a row that is complete: nothing is decided from it any more.
    pub fn row(&self, row: &mut Row<'_>) {
        let known = self.named_in_row(row);
        let Row {
            start_time: _,
            request_time: _,
            trunk,
            direction: _,
            caller,
            callee,
            call_id,
            caller_tag,
            outcome: _,
            final_status: _,
            rejections: _,
            rejected_at: _,
            rejected_by: _,
            diagnosis,
            unsettled,
            is_resumed: _,
            diag_code,
            diag_phrase,
            correlation_id,
            offer,
            accepted,
            setup: _,
            duration: _,
            transport: _,
            source,
            destination,
            user_agent,
            server,
            ends,
            has_teams: _,
            relation,
            carrier_trunk,
            reported_code: _,
            reported_phrase,
            trunk_groups,
            file: _,
            invite_frame: _,
            response_file: _,
            response_frame: _,
            ladder,
            named,
        } = row;
        for trunk in [trunk, carrier_trunk] {
            set(trunk, |trunk| self.trunk(trunk));
        }
        for user in [caller, callee] {
            set(user, |user| self.user_or_uri(user));
        }
        set(call_id, |call_id| self.call_id(call_id));
        set(caller_tag, |tag| self.token(tag));
        for text in [diag_code, diag_phrase, user_agent, server, reported_phrase] {
            set(text, |text| self.text_with(text, &known));
        }
        set(correlation_id, |id| {
            if is_guid(id) {
                id.to_vec()
            } else {
                self.token(id)
            }
        });
        set(trunk_groups, |groups| {
            let groups = groups
                .split(|&byte| byte == b';')
                .map(|group| self.token(group));
            groups.collect::<Vec<_>>().join(&b';')
        });
        for offer in [offer, accepted].into_iter().flatten() {
            self.offer(offer);
        }
        for end in [source, destination].into_iter().flatten() {
            *end = self.endpoint(*end);
        }
        if let Some(diagnosis) = diagnosis {
            self.diagnosis(diagnosis, &known);
        }
        if let Some(relation) = relation {
            self.relation(relation, &known);
        }
        if let Some(ladder) = ladder {
            self.ladder(ladder, &known);
        }
        // What they are for is done, and nothing shows them.
        (*unsettled, *ends, *named) = (None, None, None);
    }

    /// Originals that phrases and evidence may quote.
    fn named_in_row(&self, row: &Row<'_>) -> Known {
        let mut known = Known::default();
        let mut add = |text: &[u8], stand_in: &dyn Fn(&[u8]) -> Vec<u8>| {
            known.add_as_shown(text, &stand_in(text));
        };
        for user in [&row.caller, &row.callee] {
            add(user.as_bytes(), &|user| self.user_or_uri(user));
        }
        let call_id = |call_id: &[u8]| self.call_id(call_id);
        add(row.call_id.as_bytes(), &call_id);
        add(row.caller_tag.as_bytes(), &|tag| self.token(tag));
        if let Some(relation) = &row.relation {
            relation
                .call_ids
                .as_bytes()
                .split(|&byte| byte == b';')
                .for_each(|id| add(id, &call_id));
            if let Some(first) = &relation.refused_first {
                add(first.call_id.as_bytes(), &call_id);
            }
        }
        for offer in [&row.offer, &row.accepted].into_iter().flatten() {
            add(offer.connection_address.as_bytes(), &|address| {
                self.connection_address(address)
            });
        }
        let first = row
            .relation
            .as_ref()
            .and_then(|of| of.refused_first.as_ref());
        let of_first = first.and_then(|first| first.named.as_ref());
        for named in [row.named.as_ref(), of_first].into_iter().flatten() {
            self.know(named, &mut known);
        }
        known
    }

    /// A user part, or the whole URI where there is none.
    fn user_or_uri(&self, written: &[u8]) -> Vec<u8> {
        let end = written
            .iter()
            .position(|&byte| byte == b';')
            .unwrap_or(written.len());
        let is_uri = written.get(..end).is_some_and(|user| user.contains(&b':'));
        if is_uri {
            self.uri(written)
        } else {
            self.user(written)
        }
    }

    /// A trunk's name; of more trunks than are kept, a stand-in.
    fn trunk(&self, name: &[u8]) -> Vec<u8> {
        if self.kept.names.contains(&name.to_ascii_lowercase()) {
            name.to_vec()
        } else {
            self.host(name)
        }
    }

    pub(super) fn offer(&self, offer: &mut OfferFacts<'_>) {
        let OfferFacts {
            offer_in: _,
            media,
            codecs,
            codecs_unsupported,
            srtp: _,
            crypto_suites,
            ice: _,
            ice_candidates: _,
            connection_address,
        } = offer;
        for words in [media, codecs, codecs_unsupported, crypto_suites] {
            set(words, |words| self.words(words));
        }
        set(connection_address, |address| {
            self.connection_address(address)
        });
    }

    fn diagnosis(&self, diagnosis: &mut Diagnosis, known: &Known) {
        let Diagnosis {
            case: _,
            verdict: _,
            microsoft_code: _,
            finding: _,
            evidence,
        } = diagnosis;
        let shown = self.text_with(evidence.as_bytes(), known);
        *evidence = String::from_utf8_lossy(&shown).into_owned();
    }

    fn relation(&self, relation: &mut Relation<'_>, known: &Known) {
        let Relation {
            call_ids,
            by: _,
            relayed: _,
            refused_first,
            teams: _,
            carrier,
        } = relation;
        set(call_ids, |ids| self.call_ids(ids));
        if let Some(first) = refused_first {
            let RefusedFirst {
                call_id,
                diagnosis,
                named,
            } = first;
            *named = None;
            set(call_id, |call_id| self.call_id(call_id));
            if let Some(diagnosis) = diagnosis {
                self.diagnosis(diagnosis, known);
            }
        }
        *carrier = None;
    }

    fn ladder(&self, ladder: &mut Ladder<'_>, known: &Known) {
        let Ladder {
            arrows,
            left_out_before: _,
            left_out_behind: _,
            request,
            response: _,
            marked,
        } = ladder;
        let refused = *request;
        for (place, arrow) in (0..).zip(arrows) {
            let Arrow {
                time: _,
                frame: _,
                from,
                to,
                transport: _,
                teams: _,
                method,
                status,
                cseq: _,
                times: _,
                until: _,
                is_cut: _,
                sdp,
                bytes: _,
                message,
            } = arrow;
            (*from, *to) = (self.endpoint(*from), self.endpoint(*to));
            set(method, |method| self.word(method));
            if let Some((_, phrase)) = status {
                set(phrase, |phrase| self.text_with(phrase, known));
            }
            if let Some(sdp) = sdp {
                self.offer(sdp);
            }
            let made = self.message_with(message.as_bytes(), known.clone());
            if Some(place) == refused {
                let note = |note: &str| {
                    String::from_utf8_lossy(&self.text_with(note.as_bytes(), known)).into_owned()
                };
                marked.move_to(message.as_bytes(), &made, note);
            }
            *message = Text::from(made);
        }
    }

    /// Redacts the summary: paths, errors, methods that nobody knows, TLS connections, differences from Microsoft's report.
    pub fn summary(&self, summary: &mut RunSummary) {
        for file in &mut summary.files {
            let path = self.path(Path::new(&file.path));
            if let Some(error) = &mut file.error {
                *error = without_path(error, &file.path, &path);
            }
            file.path = path;
        }
        let requests = std::mem::take(&mut summary.sip.requests);
        for (method, count) in requests {
            let method = String::from_utf8_lossy(&self.word(method.as_bytes())).into_owned();
            *summary.sip.requests.entry(method).or_default() += count;
        }
        for connections in &mut summary.encrypted_connections {
            for end in [&mut connections.client, &mut connections.server] {
                *end = self.sentence(end);
            }
            if let Some(name) = &mut connections.server_name {
                set(name, |name| self.host(name));
            }
        }
        let differences = summary
            .pstn_report
            .iter_mut()
            .flat_map(|report| &mut report.differences);
        for difference in differences {
            let call_id = self.call_id(difference.call_id.as_bytes());
            difference.call_id = String::from_utf8_lossy(&call_id).into_owned();
            difference.reported_phrase = self.sentence(&difference.reported_phrase);
        }
    }

    fn sentence(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.text(text.as_bytes())).into_owned()
    }
}

/// What is wrong with a file: its path is replaced, whole or in part; places in the file stay.
fn without_path(error: &str, path: &str, stand_in: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    let error = error.replace(path, stand_in);
    if name.len() > 1 {
        error.replace(name, stand_in)
    } else {
        error
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnosis::Diagnosis;
    use crate::diagnosis::Verdict;
    use crate::report::redact::Named;
    use crate::report::redact::Redaction;
    use crate::report::relation::RefusedFirst;
    use crate::report::relation::Relation;
    use crate::report::row::Row;
    use crate::sip::Message;
    use crate::sip::Wholeness;
    use crate::text::Text;

    fn named(from: &str) -> Named<'static> {
        let message = format!("OPTIONS sip:h SIP/2.0\r\nFrom: {from}\r\n\r\n").leak();
        let mut named = Named::default();
        named.add(&Message::parse(message.as_bytes(), Wholeness::Whole).unwrap());
        named
    }

    #[test]
    fn what_the_leg_that_refused_first_names_is_known_too_and_then_told_by_nobody() {
        let diagnosis = Diagnosis {
            case: None,
            verdict: Verdict::Undocumented,
            microsoft_code: None,
            finding: None,
            evidence: "no Hatter, no Dormouse".to_owned(),
        };
        let first = RefusedFirst {
            call_id: Text::from("first"),
            diagnosis: Some(diagnosis.clone()),
            named: Some(Box::new(named("\"Mad Hatter\" <sip:a@b>"))),
        };
        let mut row = Row {
            diagnosis: Some(diagnosis),
            named: Some(Box::new(named("Dormouse <sip:a@b>"))),
            relation: Some(Relation {
                refused_first: Some(first),
                ..Relation::default()
            }),
            ..Row::default()
        };
        Redaction::sample().row(&mut row);
        let all = format!("{row:?}");
        assert!(
            !all.contains("Hatter") && !all.contains("Dormouse"),
            "{all}"
        );
        assert!(all.contains("no user-"), "{all}");
    }
}
