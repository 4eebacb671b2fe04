//! Which codecs Direct Routing takes (`direct-routing-plan.md`, leg between SBC and media processor or client).

use crate::sdp::Codec;
use crate::sdp::MediaDescription;

use super::show;

/// True for an `m=audio` stream.
pub fn is_audio(media: &MediaDescription<'_>) -> bool {
    media.media.eq_ignore_ascii_case(b"audio")
}

/// True for a codec that Direct Routing supports. Spellings of G.729 and its annex A are one codec: an encoder of the one
/// is decoded by the other (RFC 3551 §4.5.6).
pub fn is_supported(codec: &Codec<'_>) -> bool {
    let Some(name) = codec.name else {
        return false;
    };
    let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
    let is_g729 = ["G729", "G729A", "G729AB", "G.729", "G.729A"]
        .into_iter()
        .any(is);
    let is_silk = is("SILK") && matches!(codec.clock_rate, Some(8000 | 16_000));
    is("PCMU") || is("PCMA") || is("G722") || is_g729 || is_silk
}

/// False for what goes beside speech: telephone events (RFC 4733), comfort noise (RFC 3389), redundancy (RFC 2198, 5109)
/// and retransmission (RFC 4588).
pub fn is_speech(codec: &Codec<'_>) -> bool {
    const BESIDE: [&str; 6] = ["telephone-event", "CN", "RED", "ulpfec", "rtx", "flexfec"];
    codec.name.is_none_or(|name| {
        !BESIDE
            .iter()
            .any(|beside| name.eq_ignore_ascii_case(beside.as_bytes()))
    })
}

/// A codec as evidence shows it: with its clock rate where that is what counts.
pub fn name_shown(codec: &Codec<'_>) -> String {
    match (codec.name, codec.clock_rate) {
        (None, _) => format!("payload type {} without rtpmap", show(codec.format)),
        (Some(name), Some(rate)) if name.eq_ignore_ascii_case(b"SILK") => {
            format!("{}/{rate}", show(name))
        }
        (Some(name), _) => show(name),
    }
}

#[cfg(test)]
mod tests {
    use super::is_speech;
    use super::name_shown;
    use crate::sdp::Codec;
    use crate::sdp::SessionDescription;

    #[test]
    fn a_clock_rate_is_shown_where_it_counts_and_speech_is_told_from_what_goes_beside_it() {
        let sdp = b"v=0\r\nm=audio 1 RTP/AVP 104 9 97 98\r\na=rtpmap:104 SILK/24000\r\na=rtpmap:97 telephone-event/8000\r\n";
        let description = SessionDescription::parse(sdp);
        let codecs: Vec<Codec<'_>> = description.media[0].codecs().collect();
        let shown: Vec<String> = codecs.iter().map(name_shown).collect();
        assert_eq!(
            shown,
            [
                "SILK/24000",
                "G722",
                "telephone-event",
                "payload type 98 without rtpmap"
            ]
        );
        let speech: Vec<bool> = codecs.iter().map(is_speech).collect();
        assert_eq!(speech, [true, true, false, true]);
    }
}
