package app

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/config"
	"github.com/centralita/centralita/firmware/config/amend"
	"github.com/centralita/centralita/firmware/config/life"
	"github.com/centralita/centralita/firmware/config/spanish"
	"github.com/centralita/centralita/firmware/console"
	"github.com/centralita/centralita/firmware/exchange"
	"github.com/centralita/centralita/firmware/tel"
)

// configDesk is the configuration's life as the console asks for it.
type configDesk struct {
	h *House
	l *life.Life
}

// configDesk returns nil where versions are not kept.
func (h *House) configDesk() console.Config {
	if h.life == nil {
		return nil
	}
	return configDesk{h, h.life}
}

// person is who asks, as versions name him.
func person(who tel.Who) life.Person {
	return life.Person{Name: tel.CleanText(who.Name).String(), Via: string(who.Via)}
}

// refused is a sentence in both languages.
func refused(en, es string, values ...any) error {
	return &exchange.Refusal{EN: fmt.Sprintf(en, values...), ES: fmt.Sprintf(es, values...)}
}

// mayTouch refuses changes of secrets to whoever may not see them.
func mayTouch(who tel.Who, changes []config.Change) error {
	i := slices.IndexFunc(changes, func(c config.Change) bool { return c.Secret })
	if i < 0 || who.Role >= tel.Owner {
		return nil
	}
	return refused("cannot change %s: it is a secret, and those are the owner's", "no se puede cambiar %s: es un secreto, y los secretos son del dueño", changes[i].Path)
}

// Status implements console.Config.
func (d configDesk) Status() (life.Index, int, bool, int) {
	x, inUse, returning := d.l.Status()
	return x, inUse, returning, len(d.h.store.Get().Calls)
}

// inUse returns the document that the house works by.
func (d configDesk) inUse() ([]byte, error) {
	_, n, _ := d.l.Status()
	return d.l.Document(n)
}

// Show implements console.Config.
func (d configDesk) Show(n int) ([]byte, error) {
	if n == 0 {
		_, n, _ = d.l.Status()
	}
	doc, err := d.l.Document(n)
	if err != nil {
		return nil, err
	}
	return config.Masked(doc)
}

// Draft implements console.Config.
func (d configDesk) Draft() ([]byte, bool, error) {
	doc, ok, err := d.l.Draft()
	if err != nil || !ok {
		return nil, ok, err
	}
	doc, err = config.Masked(doc)
	return doc, true, err
}

// Diff implements console.Config.
func (d configDesk) Diff(n int) ([]config.Change, error) {
	now, err := d.inUse()
	if err != nil {
		return nil, err
	}
	other, ok := []byte(nil), true
	if n == 0 {
		other, ok, err = d.l.Draft()
	} else {
		other, err = d.l.Document(n)
	}
	if err != nil || !ok {
		return nil, err
	}
	return config.Diff(now, other)
}

// edit changes the draft, or the document in use where there is none.
func (d configDesk) edit(who tel.Who, change func([]byte) ([]byte, error)) ([]config.Change, []config.Problem, error) {
	doc, ok, err := d.l.Draft()
	if err == nil && !ok {
		doc, err = d.inUse()
	}
	if err != nil {
		return nil, nil, err
	}
	next, err := change(doc)
	if err != nil {
		return nil, nil, err
	}
	changes, err := config.Diff(doc, next)
	if err != nil {
		return nil, nil, err
	}
	if err := mayTouch(who, changes); err != nil {
		return nil, nil, err
	}
	_, problems := config.Parse("draft", next, d.h.prompts.Has)
	return changes, problems, d.l.Edit(next, person(who))
}

// Set implements console.Config.
func (d configDesk) Set(who tel.Who, path, value string) ([]config.Change, []config.Problem, error) {
	return d.edit(who, func(doc []byte) ([]byte, error) { return amend.Set(doc, path, value) })
}

// Unset implements console.Config.
func (d configDesk) Unset(who tel.Who, path string) ([]config.Change, []config.Problem, error) {
	return d.edit(who, func(doc []byte) ([]byte, error) { return amend.Remove(doc, path) })
}

// Discard implements console.Config.
func (d configDesk) Discard(who tel.Who) error {
	if _, ok, err := d.l.Draft(); err == nil && !ok {
		return refused("there is no draft", "no hay borrador")
	}
	return d.l.Edit(nil, person(who))
}

// Check implements console.Config.
func (d configDesk) Check(name string, doc []byte) ([]config.Problem, error) {
	if doc == nil {
		var ok bool
		var err error
		if doc, ok, err = d.l.Draft(); err == nil && !ok {
			doc, err = d.inUse()
		}
		if err != nil {
			return nil, err
		}
		name = "draft"
	}
	cfg, problems := config.Parse(name, doc, d.h.prompts.Has)
	if cfg != nil {
		if _, err := plans(cfg); err != nil {
			return nil, err
		}
	}
	return problems, nil
}

// Apply implements console.Config.
func (d configDesk) Apply(ctx context.Context, who tel.Who, doc []byte, name string, wait time.Duration) (life.Version, error) {
	v := life.Version{By: person(who), From: "draft"}
	if doc != nil {
		v.From = "file " + name
	} else {
		var ok bool
		var err error
		if doc, ok, err = d.l.Draft(); err != nil {
			return v, err
		} else if !ok {
			return v, refused("there is no draft to apply: config set begins one", "no hay borrador que aplicar: config set empieza uno")
		}
	}
	return d.try(ctx, who, doc, v, wait)
}

// try puts a document to use after all checks.
func (d configDesk) try(ctx context.Context, who tel.Who, doc []byte, v life.Version, wait time.Duration) (life.Version, error) {
	if problems, err := d.Check(v.From, doc); err != nil {
		return v, err
	} else if len(problems) > 0 {
		var en, es []string
		for _, p := range problems[:min(len(problems), 20)] {
			en, es = append(en, p.String()), append(es, spanish.Problem(p).String())
		}
		return v, &exchange.Refusal{EN: fmt.Sprintf("cannot apply it, it has %d problems: %s", len(problems), strings.Join(en, "; ")),
			ES: fmt.Sprintf("no se puede aplicar, tiene %d problemas: %s", len(problems), strings.Join(es, "; "))}
	}
	now, err := d.inUse()
	if err != nil {
		return v, err
	}
	changes, err := config.Diff(now, doc)
	if err != nil {
		return v, err
	}
	if len(changes) == 0 {
		return v, refused("nothing differs from what is in use", "no hay nada distinto de lo que está en uso")
	}
	if err := mayTouch(who, changes); err != nil {
		return v, err
	}
	return d.l.Try(ctx, doc, v, wait, config.NeedsRestart(changes))
}

// Confirm implements console.Config.
func (d configDesk) Confirm(who tel.Who) (life.Version, error) {
	x, n, _ := d.l.Status()
	if t := x.Trial; t != nil && t.Until.IsZero() {
		calls := len(d.h.store.Get().Calls)
		return life.Version{}, refused("version %d is not in use yet: waiting for %d calls", "la versión %d aún no está en uso: espera a %d llamadas", t.N, calls)
	}
	if err := d.l.Confirm(person(who)); err != nil {
		return life.Version{}, err
	}
	v, _ := d.l.Find(n)
	return v, nil
}

// RollBack implements console.Config.
func (d configDesk) RollBack(ctx context.Context, who tel.Who, n int, wait time.Duration) (life.Version, error) {
	x, _, _ := d.l.Status()
	if x.Trial != nil {
		if n != 0 && n != x.Confirmed {
			return life.Version{}, refused("version %d is being tried: config rollback without a number gives it up first", "la versión %d está a prueba: config rollback sin número la abandona primero", x.Trial.N)
		}
		if err := d.l.GiveUp(ctx, person(who), "given up"); err != nil {
			return life.Version{}, err
		}
		v, _ := d.l.Find(x.Confirmed)
		return v, nil
	}
	if n == 0 {
		for _, v := range slices.Backward(x.Versions) {
			if v.State == life.Former {
				n = v.N
				break
			}
		}
	}
	if n == 0 {
		return life.Version{}, refused("there is no version before this one", "no hay versión anterior a esta")
	}
	doc, err := d.l.Document(n)
	if err != nil {
		return life.Version{}, err
	}
	return d.try(ctx, who, doc, life.Version{By: person(who), From: "version " + strconv.Itoa(n)}, wait)
}

// configVersion is the number of the version in use, 0 where none are kept.
func (h *House) configVersion() int {
	if h.life == nil {
		return 0
	}
	_, n, _ := h.life.Status()
	return n
}
