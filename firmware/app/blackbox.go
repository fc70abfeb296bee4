package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/centralita/centralita/dsp/wav"
	"github.com/centralita/centralita/firmware/durable"
	"github.com/centralita/centralita/firmware/media/portleg"
	"github.com/centralita/centralita/firmware/tel"
)

// Bounds of the sound that is kept in files.
const (
	boxFolder     = "blackbox" // of the data folder
	captureFolder = "captures"
	keptFiles     = 20               // the newest of each folder, 1 MB for half a minute
	boxEvery      = 10 * time.Second // of one line: a second anomaly has the same sound
)

// recorder writes what was heard on ports to files: the last half minute before an
// anomaly, and what a person asks for. Left is what came from the line, right what
// was sent to it.
type recorder struct {
	dir   string // data folder
	pumps map[tel.PortID]*portleg.Pump
	log   *slog.Logger
	asked chan anomaly
	last  map[tel.PortID]time.Time // of the run's goroutine
}

// anomaly is one wish for a black box.
type anomaly struct {
	port tel.PortID
	why  string
}

func newRecorder(dir string, pumps map[tel.PortID]*portleg.Pump, log *slog.Logger) *recorder {
	return &recorder{dir: dir, pumps: pumps, log: log, asked: make(chan anomaly, 16), last: map[tel.PortID]time.Time{}}
}

// SaveBlackBox implements exchange.BlackBox: it does not wait.
func (r *recorder) SaveBlackBox(p tel.PortID, why string) {
	select {
	case r.asked <- anomaly{p, why}:
	default:
		r.log.Warn("a black box is not saved: too many at once", "port", p, "why", why)
	}
}

// run saves black boxes until ctx ends.
func (r *recorder) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case a := <-r.asked:
			r.save(a, time.Now())
		}
	}
}

// save writes one black box. A disk that takes no more is told and stops nothing.
func (r *recorder) save(a anomaly, now time.Time) {
	pump := r.pumps[a.port]
	if pump == nil || now.Sub(r.last[a.port]) < boxEvery && !r.last[a.port].IsZero() {
		return
	}
	r.last[a.port] = now
	in, out := pump.Last(portleg.BoxTime)
	if len(in) == 0 {
		r.log.Warn("no black box: nothing was heard", "port", a.port, "why", a.why)
		return
	}
	file, err := r.write(boxFolder, a.port, now, in, out, a.why)
	if err != nil {
		r.log.Error("cannot save the black box", "port", a.port, "why", a.why, "err", err)
		return
	}
	r.log.Warn("the black box is saved", "port", a.port, "why", a.why, "file", file)
}

// capture returns both directions of the next d, as they were.
func (r *recorder) capture(ctx context.Context, p tel.PortID, d time.Duration) (in, out []int16, err error) {
	pump := r.pumps[p]
	if pump == nil {
		return nil, nil, fmt.Errorf("cannot capture port %s: there is no such port", p)
	}
	return pump.Capture(ctx, d)
}

// captureFile writes both directions of the next d to a file and returns its name.
func (r *recorder) captureFile(ctx context.Context, p tel.PortID, d time.Duration) (file string, err error) {
	in, out, err := r.capture(ctx, p, d)
	if err != nil {
		return "", err
	}
	return r.write(captureFolder, p, time.Now(), in, out, "captured")
}

// write writes a file as a whole and forgets the oldest of its folder.
func (r *recorder) write(folder string, p tel.PortID, now time.Time, in, out []int16, why string) (string, error) {
	dir := filepath.Join(r.dir, folder)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("cannot keep sound: %w", err)
	}
	name := filepath.Join(dir, fmt.Sprintf("%s-%s.wav", fileName(p), now.UTC().Format("20060102T150405.000Z")))
	err := durable.WriteTo(name, 0o600, func(w io.Writer) error {
		return wav.WriteStereo(w, in, out, fmt.Sprintf("%s: %s", p, why))
	})
	if err != nil {
		return "", fmt.Errorf("cannot keep sound: %w", err)
	}
	if err := prune(dir); err != nil { // what was asked for is kept all the same
		r.log.Warn("old sound stays", "err", err)
	}
	return name, nil
}

// fileName is a port's name as part of a file's.
func fileName(p tel.PortID) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return '_'
	}, string(p))
}

// prune removes all but the newest files, and what a power cut left half written.
func prune(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("cannot remove old sound: %w", err)
	}
	var whole, half []fs.FileInfo
	var failed error
	for _, e := range entries {
		info, err := e.Info()
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			failed = errors.Join(failed, err)
		case durable.Unfinished(e.Name()):
			half = append(half, info)
		case strings.HasSuffix(e.Name(), ".wav"):
			whole = append(whole, info)
		}
	}
	slices.SortFunc(whole, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	old := whole[min(len(whole), keptFiles):]
	for _, f := range half {
		if len(whole) > 0 && whole[0].ModTime().Sub(f.ModTime()) > time.Hour {
			old = append(old, f)
		}
	}
	for _, f := range old {
		if err := os.Remove(filepath.Join(dir, f.Name())); !errors.Is(err, fs.ErrNotExist) {
			failed = errors.Join(failed, err)
		}
	}
	if failed != nil {
		return fmt.Errorf("cannot remove old sound: %w", failed)
	}
	return nil
}
