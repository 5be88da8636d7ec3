//! Hooks: the programs that rules run.
//!
//! A hook is run without a shell, with the event, the loss or the message of another family
//! ([`occasion`]) in its environment ([`environment`]) and as one line of JSON on its standard input.
//! What it prints goes to the daemon's log ([`output`]). [`group`] is its process group. Whom it runs as
//! and what it may use is in [`confine`], everything else about its process in [`spawn`] and [`child`].

pub mod call;
pub mod child;
pub mod confine;
pub mod environment;
pub mod family_message;
pub mod group;
pub mod occasion;
pub mod output;
pub mod quota;
pub mod spawn;
