//! Bytes that tests are made with.

/// A WebSocket frame with that first byte.
pub(super) fn frame(first: u8, mask: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
    let bit = if mask.is_some() { 0x80 } else { 0 };
    let length = payload.len();
    let header = match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ 0..=125), _) => vec![first, bit | short],
        (_, Ok(length)) => [&[first, bit | 0x7E][..], &length.to_be_bytes()].concat(),
        _ => [&[first, bit | 0x7F][..], &(length as u64).to_be_bytes()].concat(),
    };
    let mask_bytes = mask.map_or(Vec::new(), |mask| mask.to_vec());
    let masks = mask.unwrap_or_default().into_iter().cycle();
    let payload = payload.iter().zip(masks).map(|(byte, mask)| byte ^ mask);
    [header, mask_bytes, payload.collect()].concat()
}
