//! A connection of TLS 1.3 (RFC 8446) as it looks on the wire, with keys that everybody knows. Nothing is agreed and
//! nothing is proved: certificates and key shares are left out, because a key log tells the keys.

use aes_gcm::Aes128Gcm;
use aes_gcm::aead::AeadInOut;
use aes_gcm::aead::KeyInit;
use aes_gcm::aead::Nonce;
use hkdf::Hkdf;
use sha2::Sha256;

use super::generator::Generator;

/// Both sides of a connection.
pub(crate) struct Tls {
    random: Vec<u8>,
    /// Secrets for the handshake and for data, the client's first.
    secrets: [[Vec<u8>; 2]; 2],
    sealers: [Sealer; 2],
}

/// Protects what one side sends (RFC 8446 §5.2).
struct Sealer {
    key: Vec<u8>,
    iv: Vec<u8>,
    sequence: u64,
}

impl Sealer {
    fn new(secret: &[u8]) -> Self {
        Self {
            key: expand(secret, b"key", 16),
            iv: expand(secret, b"iv", 12),
            sequence: 0,
        }
    }

    fn seal(&mut self, kind: u8, bytes: &[u8]) -> Vec<u8> {
        let mut nonce = self.iv.clone();
        for (byte, other) in nonce[4..].iter_mut().zip(self.sequence.to_be_bytes()) {
            *byte ^= other;
        }
        self.sequence += 1;
        let mut inside = [bytes, &[kind]].concat();
        let length = u16::try_from(inside.len() + 16).expect("a record is short");
        let header = [&[23, 3, 3][..], &length.to_be_bytes()].concat();
        let nonce = Nonce::<Aes128Gcm>::try_from(nonce.as_slice()).expect("twelve bytes");
        Aes128Gcm::new_from_slice(&self.key)
            .expect("sixteen bytes")
            .encrypt_in_place(&nonce, &header, &mut inside)
            .expect("memory takes it");
        [header, inside].concat()
    }
}

impl Tls {
    /// The connection that a name stands for: the same name gives the same bytes.
    pub(crate) fn named(name: &str) -> Self {
        let mut generator = Generator::named(name);
        let random = generator.bytes(32);
        let secrets: [[Vec<u8>; 2]; 2] =
            std::array::from_fn(|_| std::array::from_fn(|_| generator.bytes(32)));
        Self {
            sealers: std::array::from_fn(|side| Sealer::new(&secrets[0][side])),
            random,
            secrets,
        }
    }

    /// The lines of its key log (RFC 9850).
    pub(crate) fn key_log(&self) -> String {
        let labels = [
            [
                "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
                "SERVER_HANDSHAKE_TRAFFIC_SECRET",
            ],
            ["CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"],
        ];
        let secrets = labels.iter().flatten().zip(self.secrets.iter().flatten());
        let lines = secrets
            .map(|(label, secret)| format!("{label} {} {}\n", hex(&self.random), hex(secret)));
        lines.collect::<Vec<String>>().concat()
    }

    /// What both sides send before the first message: who sends (true: the client), and what.
    pub(crate) fn handshake(&mut self, server_name: &str) -> Vec<(bool, Vec<u8>)> {
        let name = server_name.as_bytes();
        let length = |more: usize| {
            u16::try_from(name.len() + more)
                .expect("a name is short")
                .to_be_bytes()
        };
        let server_name = [&length(3)[..], &[0], &length(0), name].concat();
        let client_hello = message(
            1,
            &[
                &[3, 3][..],
                &self.random,
                &[0, 0, 2, 0x13, 0x01, 1, 0],
                &extensions(&[(0, &server_name), (43, &[2, 3, 4])]),
            ]
            .concat(),
        );
        let server_hello = message(
            2,
            &[
                &[3, 3][..],
                &[0x5A; 32],
                &[0, 0x13, 0x01, 0],
                &extensions(&[(43, &[3, 4])]),
            ]
            .concat(),
        );
        let change = plain(20, &[1]);
        let [client, server] = &mut self.sealers;
        let encrypted_extensions = message(8, &[0, 0]);
        let finished = message(20, &[0; 32]);
        let flights = vec![
            (true, plain(22, &client_hello)),
            (
                false,
                [
                    plain(22, &server_hello),
                    change.clone(),
                    server.seal(22, &[encrypted_extensions, finished.clone()].concat()),
                ]
                .concat(),
            ),
            (true, [change, client.seal(22, &finished)].concat()),
        ];
        self.sealers = std::array::from_fn(|side| Sealer::new(&self.secrets[1][side]));
        flights
    }

    /// A record with data.
    pub(crate) fn seal(&mut self, by_client: bool, bytes: &[u8]) -> Vec<u8> {
        self.sealers[usize::from(!by_client)].seal(23, bytes)
    }
}

fn plain(kind: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len())
        .expect("a record is short")
        .to_be_bytes();
    [&[kind, 3, 3][..], &length, bytes].concat()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len())
        .expect("a message is short")
        .to_be_bytes();
    [&[kind, 0][..], &length, body].concat()
}

fn extensions(all: &[(u16, &[u8])]) -> Vec<u8> {
    let length = |bytes: &[u8]| {
        u16::try_from(bytes.len())
            .expect("an extension is short")
            .to_be_bytes()
    };
    let all: Vec<Vec<u8>> = all
        .iter()
        .map(|(kind, value)| [&kind.to_be_bytes()[..], &length(value), value].concat())
        .collect();
    let all = all.concat();
    [&length(&all)[..], &all].concat()
}

fn expand(secret: &[u8], label: &[u8], length: u8) -> Vec<u8> {
    let labelled = u8::try_from(6 + label.len()).expect("a label is short");
    let info = [&[0, length, labelled][..], b"tls13 ", label, &[0]].concat();
    let mut out = vec![0; usize::from(length)];
    Hkdf::<Sha256>::from_prk(secret)
        .expect("a secret of 32 bytes")
        .expand(&info, &mut out)
        .expect("a short key");
    out
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
    digits.collect::<Vec<String>>().concat()
}
