package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// confined asks a box whether its program is confined: it has tried the doors itself, in
// the real kernel with the real root.
func (r *rig) confined(ctx context.Context) error {
	card, err := r.cardOf("confined.img", r.path("set.img"))
	if err != nil {
		return err
	}
	return r.with(ctx, plain(card), func(b *box) error {
		if _, err := b.started(ctx); err != nil {
			return err
		}
		if err := b.login(ctx); err != nil {
			return err
		}
		said, err := b.ask(ctx, "board --json")
		if err != nil {
			return err
		}
		what, err := confinement(said)
		r.held("the program is confined", err, "%s", what)
		return nil
	})
}

// confinement reads what a box tells of its hardware, one object after the other; the
// serial line breaks long lines.
func confinement(said string) (string, error) {
	_, list, ok := strings.Cut(said, "{")
	if !ok {
		return "", fmt.Errorf("the box said %q", said)
	}
	d := json.NewDecoder(strings.NewReader("{" + strings.NewReplacer("\r", "", "\n", "").Replace(list)))
	for d.More() {
		var h struct{ Driver, Port, State, What, Why string }
		if err := d.Decode(&h); err != nil {
			return "", fmt.Errorf("cannot read %q: %w", said, err)
		}
		if h.Port != "confinement" {
			continue
		}
		if h.State != "loaded" {
			return "", errors.New(h.State + ": " + h.Why)
		}
		return h.What, nil
	}
	return "", fmt.Errorf("the box says nothing of it: %s", said)
}
