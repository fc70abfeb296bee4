package app

import (
	"errors"
	"fmt"
	"os/user"
	"strconv"
)

// account is the user of a name or a number.
func account(name string) (uid, gid int, err error) {
	u, err := user.Lookup(name)
	if _, unknown := errors.AsType[user.UnknownUserError](err); unknown {
		u, err = user.LookupId(name)
	}
	if err != nil {
		if n, e := strconv.Atoi(name); e == nil && n >= 0 { // a number needs no account
			return n, n, nil
		}
		return 0, 0, fmt.Errorf("cannot find the user %q: %w", name, err)
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	if err := errors.Join(err1, err2); err != nil {
		return 0, 0, fmt.Errorf("cannot use the user %q: %w", name, err)
	}
	return uid, gid, nil
}
