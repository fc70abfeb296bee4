package console

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// diary is a Log in memory.
type diary struct {
	lines []LogLine
	more  chan LogLine
	asked []LogWant
}

func (d *diary) Lines(w LogWant) (out []LogLine, last uint64, err error) {
	d.asked = append(d.asked, w)
	if w.Level == "loud" {
		return nil, 0, errors.New("no such level")
	}
	for _, l := range d.lines {
		if l.N > w.After {
			out = append(out, l)
		}
		last = l.N
	}
	return out, last, nil
}

func (d *diary) Wait(ctx context.Context, _ uint64) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case l := <-d.more:
		d.lines = append(d.lines, l)
		return nil
	}
}

func someDiary() *diary {
	at := time.Now().Add(-time.Minute)
	return &diary{more: make(chan LogLine), lines: []LogLine{
		{1, at.Add(-48 * time.Hour), "WARN", "the audio of a port does not flow port=L2"},
		{2, at, "ERROR", "refused what=\"line\x1b[31m\" err=" + strings.Repeat("long ", 20)},
	}}
}

func TestLogGolden(t *testing.T) {
	for _, cmd := range []string{"log", "log --json", "log --level loud", "log --since never", "log 0"} {
		for _, lang := range []string{"es", "en"} {
			name := strings.NewReplacer(" ", "-", "--", "").Replace(cmd) + "." + lang
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := New(Deps{Journal: someDiary(), Location: time.UTC})
					var out strings.Builder
					code := c.Exec(t.Context(), append(strings.Fields(cmd), "--lang", lang), &out)
					golden(t, name, fmt.Sprintf("$ centralita %s --lang %s\n%s-> %d\n", cmd, lang, &out, code))
					seemly(t, out.String(), strings.Contains(cmd, "--json"))
				})
			})
		}
	}
}

// What is asked reaches the log.
func TestLogWant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := someDiary()
		c := New(Deps{Journal: d, Location: time.UTC})
		for _, args := range []string{"log", "log 5", "log --level=warn", "log --since 10m", "log 7 --since 1h30m --level error"} {
			c.Exec(t.Context(), strings.Fields(args), &strings.Builder{})
		}
		now := time.Now()
		want := []LogWant{{Last: 20}, {Last: 5}, {Level: "warn", Last: 20}, {Since: now.Add(-10 * time.Minute)}, {Level: "error", Last: 7, Since: now.Add(-90 * time.Minute)}}
		if fmt.Sprint(d.asked) != fmt.Sprint(want) {
			t.Errorf("asked %v, want %v", d.asked, want)
		}
	})
}

// Whoever follows sees what comes, each line once, until he goes.
func TestLogFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := someDiary()
		c := New(Deps{Journal: d, Location: time.UTC})
		ctx, stop := context.WithCancel(t.Context())
		var out strings.Builder
		done := make(chan int)
		go func() { done <- c.Exec(ctx, []string{"log", "-f", "--lang", "en"}, &out) }()
		synctest.Wait()
		for i := range 3 {
			d.more <- LogLine{uint64(3 + i), time.Now(), "INFO", fmt.Sprint("news ", i)}
			synctest.Wait()
			if got := strings.Count(out.String(), "news"); got != i+1 {
				t.Errorf("%d news of %d:\n%s", got, i+1, &out)
			}
		}
		<-time.After(time.Minute)
		stop()
		if code := <-done; code != Fine || strings.Count(out.String(), "does not flow") != 1 {
			t.Errorf("%d: %s", code, &out)
		}
	})
}
