#![doc = include_str!("README.md")]
#![forbid(unsafe_code)]

pub mod text;

pub mod capture;

pub mod packet;

pub mod transport;

pub mod sip;

pub mod sdp;

pub mod call;

pub mod trunk;

pub mod pairing;

pub mod pstn_report;

pub mod diagnosis;

pub mod report;

pub mod pipeline;

pub mod cli;
