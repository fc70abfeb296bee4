package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/centralita/centralita/testbench/qemu"
)

// Times that a loaded machine keeps, an order above what is usual.
const (
	startLimit = 6 * time.Minute // from power to the console's first words
	askLimit   = 90 * time.Second
)

// The owner of every box here.
const (
	owner    = "ana"
	password = "correcto caballo 77"
)

// started waits until the console at the serial line greets.
func (b *box) started(ctx context.Context) (time.Duration, error) {
	_, err := b.wait(ctx, `Ayuda: \? o help[\s\S]*?centralita> `, startLimit)
	return time.Since(b.began), err
}

// ask types a command and returns what was said until the next prompt.
func (b *box) ask(ctx context.Context, command string) (string, error) {
	return b.askFor(ctx, command, askLimit)
}

func (b *box) askFor(ctx context.Context, command string, patience time.Duration) (string, error) {
	if err := b.keys(command + "\r"); err != nil {
		return "", err
	}
	said, err := b.wait(ctx, regexp.QuoteMeta(command)+`\r?\n[\s\S]*?(?:[a-z]+@)?centralita> `, patience)
	if err != nil {
		return "", fmt.Errorf("%s: %w", command, err)
	}
	var lines []string
	for l := range strings.Lines(said) {
		if l = strings.TrimSpace(qemu.Clean(l)); l != "" {
			lines = append(lines, l)
		}
	}
	return strings.Join(lines[:max(0, len(lines)-1)], "\n"), nil
}

// dialogue answers questions one after the other.
func (b *box) dialogue(ctx context.Context, turns ...string) error {
	for i := 0; i+1 < len(turns); i += 2 {
		if turns[i] != "" {
			if _, err := b.wait(ctx, turns[i], askLimit); err != nil {
				return err
			}
		}
		if err := b.keys(turns[i+1] + "\r"); err != nil {
			return err
		}
	}
	return nil
}

// claim makes the owner at the serial line, without a code: being there is enough.
func (b *box) claim(ctx context.Context) error {
	if err := b.dialogue(ctx, "", "claim", `Nombre: `, owner, `Contraseña nueva: `, password, `Otra vez: `, password); err != nil {
		return err
	}
	if _, err := b.wait(ctx, owner+`@centralita> `, askLimit); err != nil {
		return err
	}
	if strings.Contains(b.serial(), password) {
		return fmt.Errorf("the serial line shows the password")
	}
	return nil
}

// login goes in as the owner.
func (b *box) login(ctx context.Context) error { return b.loginAs(ctx, owner, password) }

func (b *box) loginAs(ctx context.Context, name, password string) error {
	if err := b.dialogue(ctx, "", "login", `Nombre: `, name, `Contraseña: `, password); err != nil {
		return err
	}
	_, err := b.wait(ctx, name+`@centralita> `, askLimit)
	return err
}
