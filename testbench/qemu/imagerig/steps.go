package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"
)

// with runs a box and cuts its power at the end.
func (r *rig) with(ctx context.Context, disk []string, use func(*box) error) error {
	b, err := r.power(ctx, disk)
	if err != nil {
		return err
	}
	err = use(b)
	if err != nil {
		_ = os.WriteFile(r.path("failed.serial"), []byte(b.serial()), 0o644) // for whoever looks
	}
	return errors.Join(err, b.cut())
}

// firstStart flashes a card, starts it, becomes its owner, sets it up and calls.
func (r *rig) firstStart(ctx context.Context) error {
	card, err := r.card("set.img")
	if err != nil {
		return err
	}
	return r.with(ctx, plain(card), func(b *box) error {
		took, err := b.started(ctx)
		if err != nil {
			return err
		}
		r.passed("first start to the console", "%.1f s emulated, the card enlarged from 0.8 to 2 GB", took.Seconds())
		r.held("before the claim nothing answers", b.silent(ctx), "neither HTTP nor SIP")
		if err := b.claim(ctx); err != nil {
			return err
		}
		r.passed("claim at the serial line", "%s is the owner; the password was not shown", owner)
		if err := b.setUp(ctx); err != nil {
			return err
		}
		r.held("HTTP after the claim", retry(ctx, func() error { return b.http(ctx) }), "the wall's port answers")
		r.held("SIP after the claim", b.telephone(ctx), "a telephone registers, OPTIONS is answered; a stranger's was not")
		r.held("a change nobody confirms", b.forgotten(ctx), "went back by itself after its 20 s")
		if err := os.WriteFile(r.path("first.serial"), []byte(b.serial()), 0o644); err != nil {
			return err
		}
		time.Sleep(5 * time.Second) // what was told last reaches the card
		return nil
	})
}

// setUp opens the box's sockets to the network and confirms. The house starts anew in
// between.
func (b *box) setUp(ctx context.Context, more ...string) error {
	if err := b.addressed(ctx); err != nil {
		return err
	}
	for _, c := range append([]string{"listen.sip 0.0.0.0:5060", "listen.web 0.0.0.0:8080", "listen.rtp 20000-20999"}, more...) {
		said, err := b.ask(ctx, "config set "+c)
		if err == nil && !strings.Contains(said, "borrador") {
			err = fmt.Errorf("%s: %s", c, said)
		}
		if err != nil {
			return err
		}
	}
	if err := b.keys("config apply 10m\r"); err != nil {
		return err
	}
	if _, err := b.started(ctx); err != nil {
		return err
	}
	if err := b.login(ctx); err != nil {
		return err
	}
	said, err := b.ask(ctx, "config confirm")
	if err == nil && !strings.Contains(said, "queda") {
		err = fmt.Errorf("config confirm: %s", said)
	}
	return err
}

// leased is an address of QEMU's network, or of our wire.
var leased = regexp.MustCompile(`\b10\.(0\.2|9\.0)\.[0-9]+/`)

// addressed waits until the box has its address, without which it cannot be asked over
// the network.
func (b *box) addressed(ctx context.Context) error {
	return retry(ctx, func() error {
		said, err := b.ask(ctx, "net show")
		if err == nil && !leased.MatchString(said) {
			time.Sleep(time.Second)
			err = fmt.Errorf("no address yet: %s", said)
		}
		return err
	})
}

// forgotten applies a change for twenty seconds, and nobody confirms it.
func (b *box) forgotten(ctx context.Context) error {
	for _, c := range []string{"config set phones.100.name Otra", "config apply 20s"} {
		if _, err := b.ask(ctx, c); err != nil {
			return err
		}
	}
	said, err := b.ask(ctx, "config show")
	if err != nil {
		return err
	}
	if !strings.Contains(said, "Otra") {
		return fmt.Errorf("the change is not in use: %s", said)
	}
	var now string
	err = retry(ctx, func() error {
		time.Sleep(2 * time.Second)
		if now, err = b.ask(ctx, "config show"); err == nil && strings.Contains(now, "Otra") {
			err = errors.New("the change is still there")
		}
		return err
	})
	return err
}

// retry asks again for half a minute.
func retry(ctx context.Context, f func() error) error {
	var err error
	for range 30 {
		if err = f(); err == nil || ctx.Err() != nil {
			return err
		}
		time.Sleep(time.Second)
	}
	return err
}

// http asks for the first page.
func (b *box) http(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, 10*time.Second)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/", b.ports.web), nil)
	if err != nil {
		return err
	}
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err == nil && resp.StatusCode >= 500 {
		err = fmt.Errorf("it answers %s", resp.Status)
	}
	return err
}

// silent says by an error that something answers.
func (b *box) silent(ctx context.Context) error {
	if b.http(ctx) == nil {
		return errors.New("HTTP answers")
	}
	if b.options() == nil {
		return errors.New("SIP answers")
	}
	return nil
}

// noPrompt types all that ever opened a boot loader or a shell, through the whole start.
func (r *rig) noPrompt(ctx context.Context) error {
	card, err := r.card("prompt.img")
	if err != nil {
		return err
	}
	err = r.with(ctx, plain(card), func(b *box) error {
		if err := b.mash(); err != nil {
			return err
		}
		for _, c := range []string{"", "sh", "!sh", "/bin/sh", "config show", "book tail", "phones"} {
			if _, err := b.ask(ctx, c); err != nil {
				return err
			}
		}
		for _, opened := range []string{"=> ", "U-Boot> ", "/ # ", "~ # ", "\n# ", "login:", "\"id\":", "secret"} {
			if strings.Contains(b.serial(), opened) {
				return fmt.Errorf("the serial line says %q", opened)
			}
		}
		return nil
	})
	r.held("no key opens a prompt or a shell", err, "Ctrl-C, Ctrl-Z, Esc, Enter, space from power on to the console")
	return nil
}

// mash presses the keys of somebody who wants in, from power on to the console. While
// U-Boot runs and the kernel comes up it is each of them once: QEMU keeps what nobody
// reads yet, which a real line would lose, and behind more than a few dozen of them its
// PL011 never interrupts again.
func (b *box) mash() error {
	keys := []string{"\x03", " ", "\r", "\x1b", "s", "\x04", "root\r", "help\r", "\x1a", "sh\r"}
	for i := 0; !strings.Contains(b.serial(), "Ayuda: ? o help"); i++ {
		pace := 200 * time.Millisecond
		if strings.Contains(b.serial(), " is up") {
			pace = 10 * time.Millisecond
		}
		if i < len(keys) || pace < 100*time.Millisecond {
			if err := b.keys(keys[i%len(keys)]); err != nil {
				return err
			}
		}
		time.Sleep(pace)
		if time.Since(b.began) > startLimit {
			return errors.New("it does not start while keys are pressed")
		}
	}
	return nil
}

var codeAt = regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}`)

// random starts two cards that were flashed alike, without a source of random numbers.
func (r *rig) random(ctx context.Context) error {
	var codes []string
	for range 2 {
		card, err := r.card("random.img")
		if err != nil {
			return err
		}
		err = r.with(ctx, append(plain(card), "-global", "virtio-rng-device.max-bytes=1", "-global", "virtio-rng-device.period=3600000"), func(b *box) error {
			if _, err := b.started(ctx); err != nil {
				return err
			}
			codes = append(codes, codeAt.FindString(b.serial()))
			return nil
		})
		if err != nil {
			return err
		}
	}
	if codes[0] == "" || codes[0] == codes[1] {
		return fmt.Errorf("two new boxes show the codes %q", codes)
	}
	r.passed("two cards, different secrets", "flashed alike, with one byte an hour from the machine's random source")
	return nil
}

// idleWrites counts what an idle box writes.
func (r *rig) idleWrites(ctx context.Context) error {
	card, err := r.cardOf("idle.img", r.path("set.img"))
	if err != nil {
		return err
	}
	log := r.path("idle.log")
	if err := os.WriteFile(log, nil, 0o644); err != nil {
		return err
	}
	return r.with(ctx, logged(card, log), func(b *box) error {
		if _, err := b.started(ctx); err != nil {
			return err
		}
		time.Sleep(time.Minute) // the start's own
		before, err := written(log)
		if err != nil {
			return err
		}
		time.Sleep(r.idle)
		after, err := written(log)
		if err != nil {
			return err
		}
		day := float64(after-before) * float64(24*time.Hour) / float64(r.idle)
		r.passed("bytes written in an idle day", "%.1f MB, extrapolated from %d KB in %v", day/1e6, (after-before)/1000, r.idle)
		return nil
	})
}

// written sums what a log of writes says.
func written(log string) (n int64, err error) {
	f, err := os.Open(log)
	if err != nil {
		return 0, err
	}
	list, err := readLog(f)
	for _, w := range list {
		if !w.drop {
			n += w.size
		}
	}
	return n, errors.Join(err, f.Close())
}
