//! Users and groups of this machine.

use nix::unistd::{Group, User};

/// A user's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// The user.
    pub user: u32,
    /// The user's own group. A user that is given by number only has none.
    pub group: Option<u32>,
}

/// Finds a user by name, or by number.
///
/// # Errors
///
/// What is wrong with the name, to follow "the user "…"".
pub fn user(name: &str) -> Result<Account, String> {
    let found = User::from_name(name).map_err(|errno| not_searched(errno.desc()))?;
    let account = |found: User| Account {
        user: found.uid.as_raw(),
        group: Some(found.gid.as_raw()),
    };
    match (found, number(name)) {
        (Some(found), _) => Ok(account(found)),
        (None, Some(user)) => {
            let found = User::from_uid(user.into());
            let found = found.map_err(|errno| not_searched(errno.desc()))?;
            Ok(found.map_or(Account { user, group: None }, account))
        }
        (None, None) => Err("does not exist".to_owned()),
    }
}

/// Finds a group by name, or takes its number.
///
/// # Errors
///
/// What is wrong with the name, to follow "the group "…"".
pub fn group(name: &str) -> Result<u32, String> {
    let found = Group::from_name(name).map_err(|errno| not_searched(errno.desc()))?;
    found
        .map(|found| found.gid.as_raw())
        .or_else(|| number(name))
        .ok_or_else(|| "does not exist".to_owned())
}

fn not_searched(reason: &str) -> String {
    format!("cannot be looked up: {reason}")
}

/// A number that can be a user's or a group's. The largest stands for none in system calls.
fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|&number| number != u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_found_by_name_and_by_number() {
        let root = Account {
            user: 0,
            group: Some(0),
        };
        assert_eq!(user("root"), Ok(root));
        assert_eq!(user("0"), Ok(root));
        assert_eq!(group("root"), Ok(0));
        assert_eq!(group("12345"), Ok(12_345));
    }

    #[test]
    fn who_does_not_exist_is_not_found() {
        for name in ["no-such-one", "", "-1", "4294967295", "4294967296"] {
            assert_eq!(user(name), Err("does not exist".to_owned()), "{name}");
            assert_eq!(group(name), Err("does not exist".to_owned()), "{name}");
        }
    }
}
