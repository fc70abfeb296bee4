package logring

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"
)

func logger(r *Ring) *slog.Logger { return slog.New(r.Handler(slog.LevelInfo)) }

// The newest lines stay, in order, each with its number.
func TestRing(t *testing.T) {
	r := New()
	log := logger(r)
	for i := range Lines + 10 {
		log.Info(fmt.Sprint("line ", i))
	}
	all, last := r.Read(Want{})
	if len(all) != Lines || last != Lines+10 || all[0].Text != "line 10" || all[0].N != 11 || all[Lines-1].N != last {
		t.Fatalf("%d lines, the first %+v, the last %d", len(all), all[0], last)
	}
	if l, _ := r.Read(Want{Last: 2}); len(l) != 2 || l[1].Text != "line 2009" {
		t.Errorf("%+v", l)
	}
	if l, _ := r.Read(Want{After: last - 1}); len(l) != 1 || l[0].N != last {
		t.Errorf("%+v", l)
	}
}

// By level and by time, which is that of the house.
func TestWant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New()
		r.SetClock(func(at time.Time) time.Time { return at.AddDate(27, 0, 0) })
		log := logger(r)
		log.Debug("not kept")
		log.Info("begin")
		<-time.After(time.Minute)
		log.Warn("middle", "from", "600123456")
		<-time.After(time.Minute)
		log.Error("end", "token", "k3-tR9")
		now := time.Now().AddDate(27, 0, 0)
		if l, _ := r.Read(Want{Least: slog.LevelWarn}); len(l) != 2 || l[0].Text != "middle from=***456" || l[1].Text != "end token=***" {
			t.Errorf("%+v", l)
		}
		if l, _ := r.Read(Want{Since: now.Add(-90 * time.Second)}); len(l) != 2 || !l[1].At.Equal(now) {
			t.Errorf("%+v", l)
		}
	})
}

// Whoever follows is woken by the next line.
func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New()
		got := make(chan error)
		go func() { got <- r.Wait(t.Context(), 0) }()
		synctest.Wait()
		logger(r).Info("now")
		if err := <-got; err != nil {
			t.Error(err)
		}
		ctx, stop := context.WithCancelCause(t.Context())
		go func() { got <- r.Wait(ctx, 1) }()
		synctest.Wait()
		stop(errors.New("gone"))
		if err := <-got; err == nil || err.Error() != "gone" {
			t.Error(err)
		}
	})
}

// A text is cut between two characters.
func TestLongLine(t *testing.T) {
	r := New()
	logger(r).Info(strings.Repeat("ñ", MaxLine))
	l, _ := r.Read(Want{})
	if n := len(l[0].Text); n > MaxLine || n < MaxLine-4 || !utf8.ValidString(l[0].Text) {
		t.Errorf("%d bytes: %q", n, l[0].Text[n-8:])
	}
}

// run opens the files and has them written while use logs.
func run(t *testing.T, dir string, use func(*Ring)) *Ring {
	t.Helper()
	r := New()
	f, err := r.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	use(r)
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	return r
}

// Lines outlive a restart; they are written in groups, never more often than once a
// second.
func TestFilesOutliveARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		run(t, dir, func(r *Ring) {
			log := logger(r)
			log.Info("first")
			synctest.Wait()
			size := func() int64 {
				info, err := os.Stat(filepath.Join(dir, FolderName, "000001.log"))
				if err != nil {
					t.Fatal(err)
				}
				return info.Size()
			}
			one := size()
			for range 50 {
				log.Info("burst")
			}
			synctest.Wait()
			if one == 0 || size() != one {
				t.Errorf("%d bytes, then %d within the second", one, size())
			}
			<-time.After(flushEvery + time.Millisecond)
			if size() == one {
				t.Error("a second later the burst is not written")
			}
			log.Error("last words\x00\nERROR forged")
		})
		r := run(t, dir, func(*Ring) {})
		l, _ := r.Read(Want{})
		if len(l) != 52 || l[0].Text != "first" || l[51].Text != "last words  ERROR forged" || l[51].Level != slog.LevelError {
			t.Errorf("%d lines, the last %+v", len(l), l[len(l)-1])
		}
	})
}

// However much is logged, the files stay small and the newest lines are there.
func TestFilesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		run(t, dir, func(r *Ring) {
			log := logger(r)
			for i := range 3000 {
				log.Info(fmt.Sprint(i, " ", strings.Repeat("x", 800)))
				if i%100 == 99 {
					<-time.After(2 * flushEvery)
				}
			}
			if r.Lost() != 0 {
				t.Errorf("%d lines were lost", r.Lost())
			}
		})
		files, err := os.ReadDir(filepath.Join(dir, FolderName))
		if err != nil || len(files) != keepFiles {
			t.Fatalf("%d files, %v", len(files), err)
		}
		var total int64
		for _, e := range files {
			info, err := e.Info()
			if err != nil {
				t.Fatal(err)
			}
			if total += info.Size(); info.Size() > fileSize {
				t.Errorf("%s has %d bytes", e.Name(), info.Size())
			}
		}
		l, _ := run(t, dir, func(*Ring) {}).Read(Want{})
		if last := l[len(l)-1].Text; total < 2*fileSize || !strings.HasPrefix(last, "2999 ") {
			t.Errorf("%d bytes, the last %.20q", total, last)
		}
	})
}

// A flood is dropped and counted, in memory nothing is.
func TestFlood(t *testing.T) {
	r := New()
	log := logger(r)
	for range maxQueue + 7 {
		log.Info("flood")
	}
	if l, _ := r.Read(Want{}); r.Lost() != 7 || len(l) != maxQueue+7 {
		t.Errorf("%d lost, %d remembered", r.Lost(), len(l))
	}
}

// A power cut tears the last line anywhere, or leaves zeros: the others stay, and what
// is written next stands by itself.
func TestTornFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		run(t, dir, func(r *Ring) {
			logger(r).Info("first")
			logger(r).Info("second")
		})
		path := filepath.Join(dir, FolderName, "000001.log")
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		first := bytes.IndexByte(whole, '\n') + 1
		for n := first; n < len(whole); n++ {
			for _, zeros := range []int{0, 300} {
				torn := append(append([]byte{}, whole[:n]...), make([]byte, zeros)...)
				if err := os.WriteFile(path, torn, 0o600); err != nil {
					t.Fatal(err)
				}
				run(t, dir, func(r *Ring) { logger(r).Info("after") })
				l, _ := run(t, dir, func(*Ring) {}).Read(Want{})
				if len(l) != 2 || l[0].Text != "first" || l[1].Text != "after" {
					t.Fatalf("cut at %d with %d zeros: %+v", n, zeros, l)
				}
			}
		}
	})
}

// No bytes of a file upset the start; what is read is written the same way again.
func FuzzParse(f *testing.F) {
	f.Add([]byte("2026-11-29T01:23:45.678Z WARN busy tone\n"))
	f.Add([]byte("2026-11-29T01:23:45.678Z WARN "))
	f.Add([]byte("\n\x00 INFO\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, l := range parse(b) {
			again := parse(appendLine(nil, l))
			if len(again) != 1 || again[0].Text != l.Text || !again[0].At.Equal(l.At) || again[0].Level != l.Level {
				t.Errorf("%+v became %+v", l, again)
			}
		}
	})
}

// The next start finds what a panic wrote, once, and masked.
func TestCrash(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, FolderName), 0o700); err != nil {
		t.Fatal(err)
	}
	if os.Getenv("LOGRING_CRASH") != "" {
		if _, err := Crash(os.Getenv("LOGRING_CRASH")); err != nil {
			t.Fatal(err)
		}
		go panic("the loop met 600123456")
		select {}
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestCrash$")
	cmd.Env = append(os.Environ(), "LOGRING_CRASH="+dir)
	if out, err := cmd.CombinedOutput(); err == nil {
		t.Fatalf("it did not crash: %s", out)
	}
	text, err := Crash(dir)
	if err != nil || Reason(text) != "panic: the loop met ***456" || !strings.Contains(text, "goroutine") {
		t.Errorf("%q %v", text, err)
	}
	if text, err := Crash(dir); text != "" || err != nil {
		t.Errorf("told twice: %q %v", text, err)
	}
	if _, err := os.Stat(filepath.Join(dir, FolderName, LastCrash)); err != nil {
		t.Error(err)
	}
}

// Whatever a disk refuses is said in memory.
func TestDiskRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New()
		f, err := r.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if err := f.f.Close(); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- f.Run(ctx) }()
		logger(r).Info("nowhere")
		<-time.After(10 * flushEvery)
		stop()
		<-done
		l, _ := r.Read(Want{Least: slog.LevelError})
		if len(l) != 1 || !strings.Contains(l[0].Text, "the log is not kept") {
			t.Errorf("%+v", l)
		}
	})
}

// A disk that refuses a new file for a while costs the lines of that while, not the log.
func TestDiskRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, lost := t.TempDir(), uint64(0)
		r := run(t, dir, func(r *Ring) {
			log := logger(r)
			long := strings.Repeat("x", 1000)
			fill := func(n int) {
				for range n {
					log.Info(long)
				}
				<-time.After(2 * flushEvery)
			}
			block := filepath.Join(dir, FolderName, "000002.log")
			if err := os.Mkdir(block, 0o700); err != nil { // nothing can be opened there
				t.Fatal(err)
			}
			fill(120)
			fill(20)                                     // would begin the second file; how many share the refused write is chance
			if lost = r.Lost(); lost == 0 || lost > 21 { // with the word that it is not kept
				t.Errorf("%d of 20 lines were lost", lost)
			}
			if err := os.Remove(block); err != nil {
				t.Fatal(err)
			}
			fill(20)
			log.Info("it is kept again")
		})
		if more := r.Lost() - lost; more != 0 {
			t.Errorf("%d more lines were lost", more)
		}
		l, _ := run(t, dir, func(*Ring) {}).Read(Want{})
		if len(l) == 0 || l[len(l)-1].Text != "it is kept again" {
			t.Errorf("%d lines were kept, none after the disk took them again", len(l))
		}
	})
}
