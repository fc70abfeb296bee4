package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/centralita/centralita/firmware/provision"
	"github.com/centralita/centralita/testbench/expect"
)

// Where the card's first partition lies, FAT.
const (
	boot     = 4 << 20
	bootSize = 256 << 20
)

// What an integrator's file holds that must be nowhere on the card afterwards.
const (
	siteOwner    = "maria"
	sitePassword = "nueve gatos verdes"
	siteSecret   = "canario-9f3c71d2"
	siteAddress  = "10.0.2.40/24"
)

// siteFile sets up a whole house: the visit's, an uplink with a secret, an address, an
// owner.
var siteFile = strings.Replace(expect.House, "console: LINE", "console: /dev/ttyAMA0", 1) + `uplinks:
  - {id: sede, url: "https://127.0.0.1:9/in", token: "secret:sede"}
provision:
  owner: {name: ` + siteOwner + `, password: ` + sitePassword + `}
  secrets: {sede: ` + siteSecret + `}
  net:
    eth0: {address: ` + siteAddress + `, gateway: 10.0.2.2, dns: [10.0.2.3]}
`

// integrator makes the keys of two, whose files the second release's card must sign, and
// keeps what both signed: no secret key stays.
func (r *rig) integrator() error {
	if err := os.MkdirAll(r.path("setup-keys"), 0o755); err != nil {
		return err
	}
	for _, who := range []string{"site", "stranger"} {
		pub, sec, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return err
		}
		if who == "site" {
			text := who + " " + base64.StdEncoding.EncodeToString(pub) + "\n"
			if err := os.WriteFile(r.path("setup-keys", who+".pub"), []byte(text), 0o644); err != nil {
				return err
			}
		}
		if err := os.WriteFile(r.path(who+".sig"), provision.Sign(sec, []byte(siteFile)), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// provide puts files onto a card's boot partition.
func (r *rig) provide(ctx context.Context, card string, files map[string][]byte) error {
	for name, data := range files {
		from := r.path("provide.tmp")
		if err := os.WriteFile(from, data, 0o644); err != nil {
			return err
		}
		if err := r.tool(ctx, "mcopy", "-o", "-i", fmt.Sprintf("%s@@%d", card, boot), from, "::"+name); err != nil {
			return err
		}
	}
	return nil
}

// fill leaves no room on a card's boot partition.
func (r *rig) fill(ctx context.Context, card string) error {
	from := r.path("fill.tmp")
	f, err := os.Create(from)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Truncate(1<<30), f.Close()); err != nil {
		return err
	}
	// One block after the other until no more is taken: mcopy takes a file whole or not.
	at := fmt.Sprintf("%s@@%d", card, boot)
	for size, n := int64(128<<20), 0; size >= 512; {
		if err := os.Truncate(from, size); err != nil {
			return err
		}
		if exec.CommandContext(ctx, "mcopy", "-i", at, from, fmt.Sprintf("::fill%d", n)).Run() != nil {
			if err := ctx.Err(); err != nil {
				return err
			}
			size /= 2
			continue
		}
		n++
	}
	return os.Remove(from)
}

// onBoot reads a file of a card's boot partition; "" is what is not there.
func (r *rig) onBoot(ctx context.Context, card, name string) (string, error) {
	out, err := exec.CommandContext(ctx, "mtype", "-i", fmt.Sprintf("%s@@%d", card, boot), "::"+name).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "", nil
	}
	return strings.ReplaceAll(string(out), "\r\n", "\n"), err
}

// listed returns the names on a card's boot partition.
func (r *rig) listed(ctx context.Context, card string) ([]string, error) {
	out, err := exec.CommandContext(ctx, "mdir", "-b", "-i", fmt.Sprintf("%s@@%d", card, boot), "::").Output()
	if err != nil {
		return nil, fmt.Errorf("cannot list the boot partition: %w", err)
	}
	var names []string
	for _, l := range strings.Fields(string(out)) {
		names = append(names, strings.TrimPrefix(l, "::/"))
	}
	return names, nil
}

// found reports which of some texts stand anywhere in a range of a file.
func found(path string, from, size int64, texts ...string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	longest := 0
	for _, t := range texts {
		longest = max(longest, len(t))
	}
	buf, kept := make([]byte, 1<<20), 0 // the end of a block may begin a text
	there := map[string]bool{}
	for at := from; at < from+size; {
		n, err := f.ReadAt(buf[kept:min(int64(len(buf)), int64(kept)+from+size-at)], at)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if n == 0 {
			break
		}
		at += int64(n)
		for _, t := range texts {
			if bytes.Contains(buf[:kept+n], []byte(t)) {
				there[t] = true
			}
		}
		tail := min(longest-1, kept+n)
		copy(buf, buf[kept+n-tail:kept+n])
		kept = tail
	}
	var list []string
	for _, t := range texts {
		if there[t] {
			list = append(list, t)
		}
	}
	return list, nil
}
