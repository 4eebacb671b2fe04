//! What each ground finds in a call.
