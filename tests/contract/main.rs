//! The program from outside: exit statuses, whole files or none, the same bytes for any threads and any order.

#![expect(
    clippy::disallowed_methods,
    reason = "these tests write the input and read the output of the program"
)]

mod compressed;
mod damage;
mod outputs;
#[path = "../support/place.rs"]
mod place;
mod status;
#[path = "../support/mod.rs"]
mod support;
mod words;

use place::Place;
use place::code;
use place::err;
use place::file_status;
use place::out;
use place::rows;
use support::ladder::Ladder;
use support::ladder::MORNING;

/// The header line of the calls CSV and of the rejections CSV.
const CALLS_HEADER: &str = "start_time,trunk,direction,caller,callee,call_id,outcome,final_status,rejections,rejected_at,\
    rejected_by,case,verdict,microsoft_code,diag_code,diag_phrase,correlation_id,finding,evidence,suggested_action,doc_url,\
    offer_in,media,codecs,codecs_unsupported,srtp,crypto_suites,ice,ice_candidates,connection_address,setup_ms,duration_s,\
    transport,source,destination,user_agent,server,file,invite_frame,response_file,response_frame";

/// The header line of the trunk report.
const TRUNKS_HEADER: &str = "trunk,calls,answered,rejected,cancelled,unanswered,incomplete,calls_488,rate_488,\
    cannot_support_any_media,srtp_encryption_required,no_ice_candidates,blackhole_media,undocumented,asr,setup_ms_p50,\
    setup_ms_p95,first_call,last_call";

/// A refused call and an answered one.
const LADDER: &str = "\
call refused
sbc > teams  INVITE  with good
teams > sbc  100
teams > sbc  488  reason=srtp
sbc > teams  ACK
wait 5
call answered from=+442079460123
sbc > teams  INVITE  with good
teams > sbc  200  with teams-answer
sbc > teams  ACK
wait 30
sbc > teams  BYE
teams > sbc  200  BYE
";

fn capture(ladder: &str) -> Vec<u8> {
    Ladder::play(ladder, MORNING).render().remove(0)
}
