//! Which local program is at the other end of a unix socket, as the kernel says (SO_PEERCRED), and whose programs a tunnel
//! is for.

use std::{fmt, fs};

use tokio::net::UnixStream;

/// A local program: who it runs as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pid: Option<i32>,
}

impl Caller {
    /// Who connected `stream`; nothing where the kernel does not say.
    pub(crate) fn of(stream: &UnixStream) -> Option<Self> {
        let credentials = stream.peer_cred().ok()?;
        Some(Self {
            uid: credentials.uid(),
            gid: credentials.gid(),
            pid: credentials.pid(),
        })
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "uid {}, gid {}", self.uid, self.gid)?;
        self.pid.map_or(Ok(()), |pid| write!(f, ", pid {pid}"))
    }
}

/// Whose programs a route is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Callers {
    /// Users, and the users that belong to a group by its list.
    uids: Vec<u32>,
    /// Groups that a program may run as.
    gids: Vec<u32>,
}

impl Callers {
    pub(crate) fn include(&self, caller: &Caller) -> bool {
        self.uids.contains(&caller.uid) || self.gids.contains(&caller.gid)
    }
}

/// The users and groups of this machine: names for numbers. Those of a directory service are known by their numbers.
pub(crate) struct Accounts {
    users: String,
    groups: String,
}

impl Accounts {
    /// As they are now; a name that cannot be looked up is an error where it is used.
    pub(crate) fn read() -> Self {
        Self {
            users: fs::read_to_string("/etc/passwd").unwrap_or_default(),
            groups: fs::read_to_string("/etc/group").unwrap_or_default(),
        }
    }

    /// The number of the user `text`, a name or a number.
    pub(crate) fn user(&self, text: &str) -> Option<u32> {
        text.parse().ok().or_else(|| number(&self.users, text))
    }

    /// The number of the group `text`, a name or a number.
    pub(crate) fn group(&self, text: &str) -> Option<u32> {
        text.parse().ok().or_else(|| number(&self.groups, text))
    }

    /// Adds a user to `callers`; `false` where there is none of this name.
    pub(crate) fn add_user(&self, text: &str, callers: &mut Callers) -> bool {
        let found = self.user(text);
        callers.uids.extend(found);
        found.is_some()
    }

    /// Adds a group with its members to `callers`; `false` where there is none of this name.
    pub(crate) fn add_group(&self, text: &str, callers: &mut Callers) -> bool {
        let Some(gid) = self.group(text) else { return false };
        callers.gids.push(gid);
        let lines = self
            .groups
            .lines()
            .map(|line| line.split(':').collect::<Vec<_>>());
        for fields in lines.filter(|fields| fields.get(2).and_then(|id| id.parse().ok()) == Some(gid)) {
            let members = fields.get(3).into_iter().flat_map(|members| members.split(','));
            callers
                .uids
                .extend(members.filter_map(|name| number(&self.users, name)));
        }
        true
    }
}

/// The third field of the line that begins with `name`, as both files have it.
fn number(file: &str, name: &str) -> Option<u32> {
    file.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (found, _, id) = (fields.next()?, fields.next()?, fields.next()?);
        (found == name && !name.is_empty()).then(|| id.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts() -> Accounts {
        Accounts {
            users: "root:x:0:0::/root:/bin/sh\napp:x:1001:1001::/:/bin/sh\nops:x:1002:1002::/:/bin/sh\n"
                .into(),
            groups: "root:x:0:\nwheel:x:10:ops,nobody-knows\napp:x:1001:\n".into(),
        }
    }

    fn caller(uid: u32, gid: u32) -> Caller {
        Caller { uid, gid, pid: None }
    }

    #[test]
    fn a_caller_is_one_of_the_users_or_of_the_groups() {
        let (accounts, mut callers) = (accounts(), Callers::default());
        assert!(accounts.add_user("app", &mut callers) && accounts.add_user("77", &mut callers));
        assert!(accounts.add_group("wheel", &mut callers));
        for (good, one) in [
            (true, caller(1001, 5)),
            (true, caller(77, 5)),
            (true, caller(5, 10)),
            (true, caller(1002, 1002)),
            (false, caller(0, 0)),
            (false, caller(1003, 1001)),
            (false, caller(10, 77)),
        ] {
            assert_eq!(callers.include(&one), good, "{one}");
        }
    }

    #[test]
    fn a_name_that_nobody_has_is_no_user() {
        let (accounts, mut callers) = (accounts(), Callers::default());
        for bad in ["", "nobody-knows", "-1", "4294967296", "x"] {
            assert!(!accounts.add_user(bad, &mut callers), "{bad}");
            assert!(!accounts.add_group(bad, &mut callers), "{bad}");
        }
        assert_eq!(callers, Callers::default());
    }
}
