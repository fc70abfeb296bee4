package access

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// People returns the accounts, in the order in which they were made.
func (a *Access) People() []view.Account {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []view.Account
	for _, p := range a.people {
		v := view.Account{Name: p.Name, Role: p.Role.String(), Since: p.Since, Password: p.Changed, Entered: p.Entered}
		for _, k := range p.Keys {
			v.Keys = append(v.Keys, view.SSHKey{Print: k.Print, Note: k.Note})
		}
		for _, s := range a.sessions {
			if s.name == p.Name && !a.over(s, time.Now()) {
				v.Sessions++
			}
		}
		out = append(out, v)
	}
	return out
}

// owner refuses whoever is no owner now. The caller holds mu.
func (a *Access) owner(by tel.Who) error {
	if a.trouble != nil {
		return a.unusable()
	}
	if by.Via == tel.DoorSocket && by.Role == tel.Owner { // its file's permissions are the log-in
		return nil
	}
	if p := a.find(by.Name); p == nil || p.Role != tel.Owner || by.Role != tel.Owner {
		return errRole
	}
	return nil
}

// Passwd sets the password of name. One's own needs the old one; the owner and
// whoever is at the socket set everybody else's. All sessions of name end.
func (a *Access) Passwd(ctx context.Context, by tel.Who, name, old, password, from string) error {
	own := by.Name == name && by.Via != tel.DoorSocket
	if own {
		if err := a.reprove(ctx, by, old, from); err != nil {
			return err
		}
	}
	a.mu.Lock()
	err := error(nil)
	if !own {
		err = a.owner(by)
	}
	if err == nil && a.find(name) == nil {
		err = noSuch(name)
	}
	a.mu.Unlock()
	if err == nil {
		err = CheckPassword(name, password)
	}
	if err != nil {
		return err
	}
	hash, err := a.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !own {
		if err := a.owner(by); err != nil {
			return err
		}
	}
	err = a.changeOne(name, func(p *person) error {
		p.Hash, p.Changed = hash, a.opt.Date(time.Now())
		return nil
	})
	if err != nil {
		return err
	}
	a.revoke(name)
	a.guard.clear("person " + name)
	a.tell(Fact{What: PasswordSet, Name: name, By: by, From: from})
	return nil
}

// reprove asks for the present password again, as a log-in does: a session left open
// is no place to guess it.
func (a *Access) reprove(ctx context.Context, by tel.Who, old, from string) error {
	at := attempt{name: by.Name, person: "again " + by.Name, source: source(by.Via, from), via: by.Via, from: from}
	a.mu.Lock()
	p := a.find(by.Name)
	now := time.Now()
	if p == nil {
		a.mu.Unlock()
		return errRole
	}
	if wait := a.guard.wait(now, at.person); wait > 0 {
		a.mu.Unlock()
		return locked(wait)
	}
	a.guard.fail(now, at.person, personRule)
	kept := p.Hash
	a.mu.Unlock()
	ok, _, err := a.hasher.check(ctx, kept, old)
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case err != nil:
		a.guard.undo(at.person)
		return err
	case !ok:
		a.tell(Fact{What: WasRefused, Name: by.Name, By: by, From: from, Detail: "present password"})
		return errOld
	}
	a.guard.clear(at.person)
	return nil
}

// changeOne changes one account. The caller holds mu.
func (a *Access) changeOne(name string, do func(*person) error) error {
	return a.change(func(people []person) ([]person, error) {
		i := slices.IndexFunc(people, func(p person) bool { return p.Name == name })
		if i < 0 {
			return nil, noSuch(name)
		}
		return people, do(&people[i])
	})
}

// Add makes an account.
func (a *Access) Add(ctx context.Context, by tel.Who, name string, role tel.Role, password, from string) error {
	a.mu.Lock()
	err := a.owner(by)
	a.mu.Unlock()
	if err != nil {
		return err
	}
	name, err = CleanName(name)
	if err == nil && (role == tel.Nobody || role > tel.Owner) {
		err = bad("los papeles son owner, technician, supervisor y agent", "roles are owner, technician, supervisor and agent")
	}
	if err == nil {
		err = CheckPassword(name, password)
	}
	if err != nil {
		return err
	}
	hash, err := a.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.owner(by); err != nil {
		return err
	}
	now := a.opt.Date(time.Now())
	err = a.change(func(people []person) ([]person, error) {
		if slices.ContainsFunc(people, func(p person) bool { return p.Name == name }) {
			return nil, bad(fmt.Sprintf("ya hay una cuenta %q", name), fmt.Sprintf("there is an account %q already", name))
		}
		return append(people, person{Name: name, Role: role, Hash: hash, Since: now, Changed: now}), nil
	})
	if err == nil {
		a.tell(Fact{What: Changed, Name: name, By: by, From: from, Detail: "added " + role.String()})
	}
	return err
}

// Remove takes an account away, with its sessions and keys.
func (a *Access) Remove(_ context.Context, by tel.Who, name, from string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.owner(by); err != nil {
		return err
	}
	err := a.change(func(people []person) ([]person, error) {
		i := slices.IndexFunc(people, func(p person) bool { return p.Name == name })
		if i < 0 {
			return nil, noSuch(name)
		}
		return slices.Delete(people, i, i+1), nil
	})
	if err == nil {
		a.revoke(name)
		a.tell(Fact{What: Changed, Name: name, By: by, From: from, Detail: "removed"})
	}
	return err
}

// SetRole gives an account another role. All its sessions end.
func (a *Access) SetRole(_ context.Context, by tel.Who, name string, role tel.Role, from string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.owner(by); err != nil {
		return err
	}
	if role == tel.Nobody || role > tel.Owner {
		return bad("los papeles son owner, technician, supervisor y agent", "roles are owner, technician, supervisor and agent")
	}
	err := a.changeOne(name, func(p *person) error { p.Role = role; return nil })
	if err == nil {
		a.revoke(name)
		a.tell(Fact{What: Changed, Name: name, By: by, From: from, Detail: "role " + role.String()})
	}
	return err
}

// AddKey gives an account an SSH public key, one line of authorized_keys.
func (a *Access) AddKey(_ context.Context, by tel.Who, name, line, from string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.owner(by); err != nil {
		return err
	}
	k, err := parseKey(line)
	if err != nil {
		return err
	}
	err = a.changeOne(name, func(p *person) error {
		switch {
		case slices.ContainsFunc(p.Keys, func(o key) bool { return o.Print == k.Print }):
			return bad("esa llave ya está", "that key is there already")
		case len(p.Keys) >= MaxKeys:
			return bad(fmt.Sprintf("caben %d llaves", MaxKeys), fmt.Sprintf("%d keys are possible", MaxKeys))
		}
		p.Keys = append(p.Keys, k)
		return nil
	})
	if err == nil {
		a.tell(Fact{What: Changed, Name: name, By: by, From: from, Detail: "key added " + k.Print})
	}
	return err
}

// RemoveKey takes a key away by its fingerprint. All sessions of the account end: one
// of them may be by that key.
func (a *Access) RemoveKey(_ context.Context, by tel.Who, name, print, from string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.owner(by); err != nil {
		return err
	}
	err := a.changeOne(name, func(p *person) error {
		i := slices.IndexFunc(p.Keys, func(k key) bool { return k.Print == print })
		if i < 0 {
			return bad("esa cuenta no tiene esa llave", "that account has no such key")
		}
		p.Keys = slices.Delete(p.Keys, i, i+1)
		return nil
	})
	if err == nil {
		a.revoke(name)
		a.tell(Fact{What: Changed, Name: name, By: by, From: from, Detail: "key removed " + print})
	}
	return err
}
