//! The far client declined media bypass.

use super::Finding;
use super::never;
use super::no_line;

pub(super) const FINDING: Finding = Finding {
    name: "bypass-declined",
    meaning: "Teams' client declined a renegotiation of media bypass. A frequent cause is an SBC that offers its private address: check c= and a=candidate of \
              the re-INVITE.",
    words: &["backtobackbypass offer was declined"],
    observe: never,
    refuser: None,
    excludes_cases: false,
    mark: no_line,
};
