//! URIs, addresses with names, and their parameters.

use crate::sip::NameAddr;
use crate::sip::Params;
use crate::sip::Scheme;
use crate::sip::Uri;
use crate::sip::Via;

use super::Redaction;
use super::names::is_guid;
use super::vocabulary::SCHEMES;
use super::vocabulary::TRANSPORTS;

/// Parameters whose values are hosts, addresses, or numbers.
const PLACES: [&str; 6] = [
    "maddr",
    "received",
    "phone-context",
    "trunk-context",
    "source",
    "rn",
];

/// Emergency services (RFC 5031 §4.2).
const SERVICES: [&str; 9] = [
    ".ambulance",
    ".animal-control",
    ".fire",
    ".gas",
    ".marine",
    ".mountain",
    ".physician",
    ".poison",
    ".police",
];

/// What a branch begins with (RFC 3261 §8.1.1.7).
const COOKIE: &[u8] = b"z9hG4bK";

impl Redaction {
    /// The stand-in of a URI. What follows `?` is left out, and a password.
    pub(super) fn uri(&self, written: &[u8]) -> Vec<u8> {
        let written = written.trim_ascii();
        if written.is_empty() || written == b"*" {
            return written.to_vec();
        }
        let uri = Uri::parse(written);
        let scheme: &[u8] = match uri.scheme {
            Scheme::Sip => b"sip:",
            Scheme::Sips => b"sips:",
            Scheme::Tel => b"tel:",
            Scheme::Missing => b"",
            // Emergency and other services (RFC 5031) are nobody's.
            Scheme::Other(word) if word.eq_ignore_ascii_case(b"urn") => return self.urn(written),
            Scheme::Other(word) if uri.user.is_none() => {
                return [&self.listed(word, SCHEMES)[..], b":", &self.token(written)].concat();
            }
            Scheme::Other(word) => &[&self.listed(word, SCHEMES)[..], b":"].concat(),
        };
        let mut shown = scheme.to_vec();
        if let Some(user) = uri.user {
            shown.extend(self.user(user));
            if uri.scheme != Scheme::Tel {
                shown.push(b'@');
            }
        }
        shown.extend(self.host_in_uri(uri.host));
        if let Some(port) = uri.port {
            shown.extend(format!(":{port}").into_bytes());
        }
        shown.extend(self.shown(uri.params));
        shown
    }

    fn urn(&self, written: &[u8]) -> Vec<u8> {
        let service = written.strip_prefix(b"urn:service:sos");
        let is_known = |service: &[u8]| {
            service.is_empty() || SERVICES.iter().any(|known| service == known.as_bytes())
        };
        if service.is_some_and(is_known) {
            return written.to_vec();
        }
        [b"urn:x:", &self.token(written)[..]].concat()
    }

    /// Parameters, from their first semicolon on.
    pub(super) fn params(&self, written: &[u8]) -> Vec<u8> {
        self.shown(Params::new(written))
    }

    fn shown(&self, params: Params<'_>) -> Vec<u8> {
        let mut shown = Vec::new();
        for (name, value) in params.iter() {
            shown.push(b';');
            shown.extend(self.param_name(name));
            if !value.is_empty() {
                shown.push(b'=');
                shown.extend(self.param(name, value));
            }
        }
        shown
    }

    fn param(&self, name: &[u8], value: &[u8]) -> Vec<u8> {
        let is = |known: &&str| name.eq_ignore_ascii_case(known.as_bytes());
        let inner = value.strip_prefix(b"\"").unwrap_or(value);
        let inner = inner.strip_suffix(b"\"").unwrap_or(inner);
        if is(&"branch") {
            let rest = inner.strip_prefix(COOKIE);
            let cookie = if rest.is_some() { COOKIE } else { b"" };
            return [cookie, &self.token(inner)].concat();
        }
        if is(&"x-i") && is_guid(inner) {
            return inner.to_vec();
        }
        // It begins with the Call-ID of another leg.
        if is(&"x-c") {
            let end = inner
                .iter()
                .position(|&byte| byte == b'/')
                .unwrap_or(inner.len());
            let (call_id, rest) = inner.split_at(end);
            let rest = if rest.is_empty() {
                Vec::new()
            } else {
                [b"/", &self.token(rest)[..]].concat()
            };
            return [self.call_id(call_id), rest].concat();
        }
        if PLACES.iter().any(is) {
            return self
                .number(inner)
                .unwrap_or_else(|| self.host_in_uri(inner));
        }
        self.param_word(name, inner)
            .unwrap_or_else(|| self.token(inner))
    }

    /// The stand-in of a display name, which has no parameters.
    pub(super) fn display(&self, name: &[u8]) -> Vec<u8> {
        let parts = name.split(|&byte| byte == b';');
        self.user(&parts.collect::<Vec<_>>().concat())
    }

    /// An address with its name and parameters.
    pub(super) fn name_addr(&self, address: &NameAddr<'_>) -> Vec<u8> {
        let mut shown = Vec::new();
        if let Some(name) = address
            .display
            .as_ref()
            .filter(|name| !name.trim_ascii().is_empty())
        {
            shown.push(b'"');
            shown.extend(self.display(name));
            shown.extend_from_slice(b"\" ");
        }
        if address.uri == b"*" {
            shown.push(b'*');
        } else {
            shown.push(b'<');
            shown.extend(self.uri(address.uri));
            shown.push(b'>');
        }
        shown.extend(self.shown(address.params));
        shown
    }

    /// One hop.
    pub(super) fn via(&self, via: &Via<'_>) -> Vec<u8> {
        let mut shown = b"SIP/2.0/".to_vec();
        shown.extend(self.listed(via.transport, TRANSPORTS));
        shown.push(b' ');
        shown.extend(self.host_in_uri(via.host));
        if let Some(port) = via.port {
            shown.extend(format!(":{port}").into_bytes());
        }
        shown.extend(self.shown(via.params));
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::Redaction;

    fn uri(written: &str) -> String {
        String::from_utf8(Redaction::sample().uri(written.as_bytes())).unwrap()
    }

    #[test]
    fn a_uri_keeps_its_form() {
        let user = uri("sip:+49301234567@h")
            .split_once('@')
            .unwrap()
            .0
            .to_owned();
        let shown = uri(
            "sip:+49301234567:secret@pbx.example:5061;user=phone;transport=tls;foo=bar?Subject=x",
        );
        assert!(shown.starts_with(&format!("{user}@host-")), "{shown}");
        assert!(
            shown.contains(".example:5061;user=phone;transport=tls;x"),
            "{shown}"
        );
        for gone in ["secret", "foo", "bar", "Subject", "301234567", "pbx"] {
            assert!(!shown.contains(gone), "{shown}");
        }
        assert_eq!(uri("tel:+49301234567"), user.replace("sip:", "tel:"));
        assert!(uri("sip:a@[2a02::1]:5060").ends_with("]:5060"));
        assert_eq!(uri("urn:service:sos"), "urn:service:sos");
        assert_eq!(
            uri("sip:sip.pstnhub.microsoft.com:5061"),
            "sip:sip.pstnhub.microsoft.com:5061"
        );
        assert!(!uri("https://portal.contoso.example/a").contains("contoso"));
    }

    #[test]
    fn a_parameter_keeps_no_word_that_is_not_one_of_its_own() {
        let shown = uri("sip:a@h;user=alice.b;cpc=Liddell;reason=Hatter;Dormouse;method=phone");
        for gone in ["alice", "Liddell", "Hatter", "Dormouse", "phone"] {
            assert!(!shown.contains(gone), "{gone} in {shown}");
        }
        for stays in [
            ";cpc=ordinary",
            ";reason=user-busy",
            ";index=1.2",
            ";cause=302",
            ";lr",
        ] {
            assert!(uri(&format!("sip:a@h{stays}")).ends_with(stays), "{stays}");
        }
    }

    #[test]
    fn microsofts_ids_of_a_call_stay_in_its_contact() {
        let guid = "c586066f-0000-4000-8000-000000000000";
        let shown = uri(&format!(
            "sip:api.pstnhub.microsoft.com:443;x-i={guid};x-c=77d@10.0.0.1/d/8"
        ));
        let call_id = String::from_utf8(Redaction::sample().call_id(b"77d@10.0.0.1")).unwrap();
        assert!(
            shown.contains(&format!(";x-i={guid};x-c={call_id}/")),
            "{shown}"
        );
    }
}
