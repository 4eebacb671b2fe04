//! What the two sides agree, from their handshake messages. The messages are read by tls-parser.

use tls_parser::TlsClientHelloContents;
use tls_parser::TlsClientKeyExchangeContents;
use tls_parser::TlsExtension;
use tls_parser::TlsExtensionType;
use tls_parser::TlsMessage;
use tls_parser::TlsMessageHandshake;
use tls_parser::TlsServerHelloContents;
use tls_parser::parse_tls_client_hello_extension;
use tls_parser::parse_tls_message_handshake;
use tls_parser::parse_tls_server_hello_extension;

use super::ClientRandom;
use super::record::MAX_IDLE;
use super::resumption::name_of;
use super::suite::TLS12;
use super::suite::TLS13;
use crate::text::Text;

/// The longest message that is kept until it is whole; longer ones (chains of certificates) are passed over.
const MAX_MESSAGE: usize = 1 << 16;

/// The longest name of a host (RFC 1035 §2.3.4).
const MAX_NAME: usize = 255;

/// The number of the extension by which a message authentication code goes over what is sent (RFC 7366 §2).
const ENCRYPT_THEN_MAC: u16 = 22;

/// The random by which a server asks for another ClientHello (RFC 8446 §4.1.3).
const HELLO_RETRY_REQUEST: [u8; 32] = [
    0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91,
    0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
];

/// A handshake message, as far as it matters to whoever listens.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// The client begins.
    ClientHello(ClientHello),
    /// The server answers.
    ServerHello(ServerHello),
    /// The server gives the session a name for later (RFC 5077 §3.3).
    NewSessionTicket(Vec<u8>),
    /// The client's secret under the server's key (RFC 5246 §7.4.7.1).
    ClientKeyExchange(Vec<u8>),
    /// The handshake is over in this direction.
    Finished,
    /// The next records are protected with the next key (RFC 8446 §4.6.3).
    KeyUpdate,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ClientHello {
    pub(super) random: ClientRandom,
    /// The name of the server that it wants.
    pub(super) server_name: Option<Text<'static>>,
    /// The ticket that it wants to go on with, by name.
    pub(super) ticket: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ServerHello {
    pub(super) random: [u8; 32],
    pub(super) version: u16,
    pub(super) suite: u16,
    pub(super) session_id: Vec<u8>,
    pub(super) has_encrypt_then_mac: bool,
    pub(super) has_extended_master_secret: bool,
    /// True where it only asks for another ClientHello.
    pub(super) is_retry: bool,
}

/// Puts the handshake messages of one direction together.
#[derive(Debug, Default)]
pub(super) struct Handshake {
    buffer: Vec<u8>,
    /// How many of these bytes are done with; they are let go of when more come.
    done: usize,
    /// Bytes of a message that is passed over.
    passing: usize,
}

impl Handshake {
    /// Takes the next bytes.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) {
        let passed = self.passing.min(bytes.len());
        self.passing -= passed;
        bytes = bytes.get(passed..).unwrap_or_default();
        self.buffer.drain(..self.done);
        self.done = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next message that is whole and matters.
    pub(super) fn next(&mut self) -> Option<Said> {
        loop {
            let rest = self.buffer.get(self.done..).unwrap_or_default();
            let [kind, high, middle, low, ..] = *rest else {
                return None;
            };
            let length =
                4 + usize::from(high) * 65536 + usize::from(u16::from_be_bytes([middle, low]));
            if length > MAX_MESSAGE {
                self.passing = length.saturating_sub(rest.len());
                self.done += length.min(rest.len());
                continue;
            }
            let said = read(kind, rest.get(..length)?);
            self.done += length;
            if said.is_some() {
                return said;
            }
        }
    }

    /// Lets go of what is done with, and of room that is not needed.
    pub(super) fn trim(&mut self) {
        self.buffer.drain(..self.done);
        self.done = 0;
        if self.buffer.capacity() > MAX_IDLE {
            self.buffer.shrink_to_fit();
        }
    }

    /// Bytes that wait for the rest of their message.
    pub(super) fn held(&self) -> usize {
        self.buffer.len().saturating_sub(self.done)
    }

    /// Forgets what was begun.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }
}

fn read(kind: u8, message: &[u8]) -> Option<Said> {
    match kind {
        20 => return Some(Said::Finished),
        24 => return Some(Said::KeyUpdate),
        1 | 2 | 4 | 16 => {}
        _ => return None,
    }
    let Ok((_, TlsMessage::Handshake(message))) = parse_tls_message_handshake(message) else {
        return None;
    };
    match message {
        TlsMessageHandshake::ClientHello(hello) => client_hello(&hello).map(Said::ClientHello),
        TlsMessageHandshake::ServerHello(hello) => server_hello(&hello).map(Said::ServerHello),
        TlsMessageHandshake::NewSessionTicket(told) => {
            // tls-parser leaves the ticket's length before it.
            let ticket = told.ticket.get(2..).unwrap_or_default();
            Some(Said::NewSessionTicket(ticket.to_vec()))
        }
        TlsMessageHandshake::ClientKeyExchange(TlsClientKeyExchangeContents::Unknown(bytes)) => {
            // From TLS 1.0 on the encrypted secret has its length before it.
            Some(Said::ClientKeyExchange(
                bytes.get(2..).unwrap_or_default().to_vec(),
            ))
        }
        _ => None,
    }
}

fn client_hello(hello: &TlsClientHelloContents<'_>) -> Option<ClientHello> {
    let mut told = ClientHello {
        random: hello.random.try_into().ok()?,
        server_name: None,
        ticket: None,
    };
    for extension in extensions(hello.ext) {
        let Ok((_, extension)) = parse_tls_client_hello_extension(extension) else {
            continue;
        };
        match extension {
            TlsExtension::SNI(names) => {
                let name = names.first().map(|(_, name)| *name);
                told.server_name = name
                    .filter(|name| name.len() <= MAX_NAME)
                    .map(|name| Text::from(name.to_vec()));
            }
            TlsExtension::SessionTicket(ticket) if !ticket.is_empty() => {
                told.ticket = Some(name_of(ticket));
            }
            _ => {}
        }
    }
    Some(told)
}

fn server_hello(hello: &TlsServerHelloContents<'_>) -> Option<ServerHello> {
    let mut told = ServerHello {
        random: hello.random.try_into().ok()?,
        version: hello.version.0,
        suite: hello.cipher.0,
        session_id: hello.session_id.unwrap_or_default().to_vec(),
        has_encrypt_then_mac: false,
        has_extended_master_secret: false,
        is_retry: hello.random == HELLO_RETRY_REQUEST,
    };
    for extension in extensions(hello.ext) {
        let Ok((_, extension)) = parse_tls_server_hello_extension(extension) else {
            continue;
        };
        match extension {
            TlsExtension::SupportedVersions(versions) => {
                told.version = versions.first().map_or(told.version, |version| version.0);
            }
            // Of a server's hello, tls-parser 0.12 knows this extension under another number.
            TlsExtension::Unknown(TlsExtensionType(ENCRYPT_THEN_MAC), _) => {
                told.has_encrypt_then_mac = true;
            }
            TlsExtension::ExtendedMasterSecret => told.has_extended_master_secret = true,
            _ => {}
        }
    }
    Some(told)
}

/// The extensions of a hello, each with its type and length. One that is damaged costs no other.
fn extensions(bytes: Option<&[u8]>) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes.unwrap_or_default();
    std::iter::from_fn(move || {
        let &[_, _, high, low, ..] = rest else {
            return None;
        };
        let length = 4 + usize::from(u16::from_be_bytes([high, low]));
        let (extension, behind) = rest.split_at_checked(length)?;
        rest = behind;
        Some(extension)
    })
}

/// What a version is called.
pub(super) fn version_name(version: u16) -> &'static str {
    match version {
        0x0300 => "SSL 3.0",
        0x0301 => "TLS 1.0",
        0x0302 => "TLS 1.1",
        TLS12 => "TLS 1.2",
        TLS13 => "TLS 1.3",
        _ => "an unknown version of TLS",
    }
}
