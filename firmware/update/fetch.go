package update

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/durable"
	"github.com/centralita/centralita/firmware/reach"
	"github.com/centralita/centralita/firmware/update/ctl"
)

// Names in the folder of updates.
const (
	partName = "download.part"
	noteName = "download.json" // what the part is of
	DoneName = "download.ctl"
)

// Limits of a download.
const (
	hurdles  = 6                // attempts without progress
	pauseMin = 2 * time.Second  // between two, doubled each time
	quiet    = 30 * time.Second // without a byte: the attempt has failed
	piece    = 32 << 10
	syncEach = 4 << 20 // bytes: so much may be downloaded twice after a power cut
)

// fetcher downloads bundles into a folder and goes on where it stopped: by Range and
// If-Range (RFC 9110, 13.1.5 and 14.2), also after a restart.
type fetcher struct {
	client *http.Client
	dir    string
	rate   func() int64 // bytes a second at most; 0: any
}

// note remembers what the part is of.
type note struct {
	URL       string `json:"url"`
	Validator string `json:"validator"` // a strong ETag, or Last-Modified; empty: it cannot be resumed
}

// checkURL permits HTTPS, and HTTP within this machine.
func checkURL(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return say("no es una dirección; se escribe como https://servidor/archivo.ctl", "it is no address; write one such as https://server/file.ctl")
	}
	if u.Scheme != "https" && !(u.Scheme == "http" && (u.Hostname() == "127.0.0.1" || u.Hostname() == "::1" || u.Hostname() == "localhost")) {
		return say("las actualizaciones se bajan por https, no "+u.Scheme, "updates are downloaded by https, not "+u.Scheme)
	}
	return nil
}

// shown is an address without what may be a key in it.
func shown(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	u.User = nil
	if u.RawQuery != "" {
		u.RawQuery = "***"
	}
	return u.String()
}

// ask sends a request; the answer is 200, 206 or 416.
func (f *fetcher) ask(ctx context.Context, address, from, validator string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("cannot download the update: %w", err)
	}
	req.Header.Set("Accept-Encoding", "identity") // bytes are counted as they lie there
	if from != "" {
		req.Header.Set("Range", "bytes="+from)
	}
	if validator != "" {
		req.Header.Set("If-Range", validator)
	}
	resp, err := f.client.Do(req)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // without the address, which may hold a key: this goes into the log and the book
		}
		if es, en := reach.Why(err); es != "" && ctx.Err() == nil {
			return nil, &sentence{"no se puede bajar la actualización de " + req.URL.Host + ": " + es, "cannot download the update from " + req.URL.Host + ": " + en, err}
		}
		return nil, fmt.Errorf("cannot download the update: %s: %w", req.URL.Host, err)
	}
	switch resp.StatusCode {
	case http.StatusOK, http.StatusPartialContent, http.StatusRequestedRangeNotSatisfiable:
		return resp, nil
	}
	resp.Body.Close()
	return nil, &statusError{resp.StatusCode, resp.Status}
}

// statusError is an answer that is none.
type statusError struct {
	code   int
	status string
}

func (e *statusError) Error() string {
	return "cannot download the update: the server answers " + e.status
}

// lasting reports whether asking again soon is no use.
func (e *statusError) lasting() bool {
	return e.code < 500 && e.code != http.StatusTooManyRequests && e.code != http.StatusRequestTimeout
}

// Head reads the header of the bundle at an address and believes nothing of it.
func (f *fetcher) Head(ctx context.Context, address string) (ctl.Header, error) {
	if err := checkURL(address); err != nil {
		return ctl.Header{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	resp, err := f.ask(ctx, address, fmt.Sprintf("0-%d", ctl.MaxHeader-1), "")
	if err != nil {
		return ctl.Header{}, err
	}
	defer resp.Body.Close()
	return ctl.ReadHeader(io.LimitReader(resp.Body, int64(ctl.MaxHeader)))
}

// Get downloads the bundle at an address to DoneName. accept judges the header as
// soon as it is there; its error ends the download. What has come stays for the next
// attempt, but where the bundle is at fault.
func (f *fetcher) Get(ctx context.Context, address string, accept func(ctl.Header) (ctl.Manifest, error), progress func(done, of int64)) error {
	if err := checkURL(address); err != nil {
		return err
	}
	pause, best := pauseMin, int64(0)
	for try := 0; ; try++ {
		err := f.attempt(ctx, address, accept, progress)
		if err == nil {
			return nil
		}
		if _, bad := errors.AsType[*ctl.Refusal](err); bad {
			return errors.Join(err, f.forget())
		}
		if status, ok := errors.AsType[*statusError](err); ok && status.lasting() || errors.Is(err, errDisk) || reach.Certificate(err) || ctx.Err() != nil {
			return err
		}
		if size := f.size(); size > best {
			try, pause, best = 0, pauseMin, size
		}
		if try >= hurdles {
			return err
		}
		if !wait(ctx, pause) {
			return errors.Join(context.Cause(ctx), err)
		}
		pause = min(2*pause, time.Minute)
	}
}

// wait reports whether d went by before ctx ended.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (f *fetcher) path(name string) string { return filepath.Join(f.dir, name) }

// size is that of the part; 0 when there is none.
func (f *fetcher) size() int64 {
	info, err := os.Stat(f.path(partName))
	if err != nil {
		return 0
	}
	return info.Size()
}

// forget removes the part.
func (f *fetcher) forget() error {
	return errors.Join(durable.RemoveFile(f.path(noteName)), durable.RemoveFile(f.path(partName)))
}

// errDisk marks errors of our own disk.
var errDisk = errors.New("cannot keep the download")

// attempt goes on with the download once.
func (f *fetcher) attempt(ctx context.Context, address string, accept func(ctl.Header) (ctl.Manifest, error), progress func(done, of int64)) error {
	have := note{}
	if b, err := os.ReadFile(f.path(noteName)); err == nil {
		_ = json.Unmarshal(b, &have) // a note that cannot be read is none
	}
	at := f.size()
	if have.URL != address || have.Validator == "" {
		at = 0
	}
	from := ""
	if at > 0 {
		from = fmt.Sprintf("%d-", at)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := time.AfterFunc(quiet, func() { cancel(errors.New("the server fell silent")) })
	defer silence.Stop()
	resp, err := f.ask(ctx, address, from, map[bool]string{true: have.Validator}[at > 0])
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusRequestedRangeNotSatisfiable: // the server has no more of it
		if err := whole(f.path(partName), accept); err != nil {
			return err
		}
		return f.finish()
	case resp.StatusCode == http.StatusPartialContent && at > 0 && strings.HasPrefix(resp.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", at)):
	case resp.StatusCode == http.StatusPartialContent:
		return errors.Join(fmt.Errorf("cannot go on with the download: the server sends %q", resp.Header.Get("Content-Range")), f.forget())
	default:
		at = 0 // from the start: it has changed, or the server cannot resume
	}
	file, err := f.open(at, note{URL: address, Validator: validator(resp.Header)})
	if err != nil {
		return err
	}
	d := &download{f: f, file: file, at: at, accept: accept, progress: progress}
	err = d.copy(ctx, resp.Body, func() { silence.Reset(quiet) })
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = fmt.Errorf("cannot download the update: %w", cause)
		}
		return err
	}
	if err := whole(f.path(partName), accept); err != nil {
		return err
	}
	return f.finish()
}

// validator names this state of the resource for If-Range.
func validator(h http.Header) string {
	if tag := h.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		return tag
	}
	return h.Get("Last-Modified")
}

// open opens the part to go on at a place.
func (f *fetcher) open(at int64, n note) (*os.File, error) {
	b, err := json.Marshal(n)
	if err != nil {
		return nil, errors.Join(errDisk, err)
	}
	if at == 0 {
		if err := errors.Join(f.forget(), durable.WriteFile(f.path(noteName), b, 0o600)); err != nil {
			return nil, errors.Join(errDisk, err)
		}
	}
	file, err := os.OpenFile(f.path(partName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, errors.Join(errDisk, err)
	}
	_, err = file.Seek(at, io.SeekStart)
	if err == nil {
		err = file.Truncate(at)
	}
	if err != nil {
		return nil, errors.Join(errDisk, err, file.Close())
	}
	return file, nil
}

// finish gives the part its name.
func (f *fetcher) finish() error {
	if err := os.Rename(f.path(partName), f.path(DoneName)); err != nil {
		return errors.Join(errDisk, err)
	}
	return errors.Join(durable.RemoveFile(f.path(noteName)), durable.SyncFolder(f.dir))
}

// whole judges a bundle in a file: header, sum and end.
func whole(path string, accept func(ctl.Header) (ctl.Manifest, error)) error {
	file, err := os.Open(path)
	if err != nil {
		return errors.Join(errDisk, err)
	}
	defer file.Close()
	h, err := ctl.ReadHeader(file)
	if err != nil {
		return err
	}
	m, err := accept(h)
	if err != nil {
		return err
	}
	return ctl.Check(file, m.Payload)
}

// download is one attempt's stream into the part.
type download struct {
	f        *fetcher
	file     *os.File
	at       int64 // of the file
	total    int64 // of the bundle; 0: the header has not come yet
	synced   int64
	accept   func(ctl.Header) (ctl.Manifest, error)
	progress func(done, of int64)
}

// copy takes the body up to one byte behind the bundle's end.
func (d *download) copy(ctx context.Context, body io.Reader, alive func()) error {
	buf := make([]byte, piece)
	for {
		began := time.Now()
		n, err := body.Read(buf)
		if n > 0 {
			alive()
			if _, werr := d.file.Write(buf[:n]); werr != nil {
				return errors.Join(errDisk, werr)
			}
			d.at += int64(n)
		}
		if jerr := d.judge(err != nil); jerr != nil {
			return jerr
		}
		switch {
		case errors.Is(err, io.EOF):
			if d.total == 0 || d.at < d.total {
				return fmt.Errorf("cannot download the update: it ended after %d bytes: %w", d.at, io.ErrUnexpectedEOF)
			}
			return nil
		case err != nil:
			return fmt.Errorf("cannot download the update: %w", err)
		}
		if rate := d.f.rate(); rate > 0 {
			if !wait(ctx, time.Until(began.Add(time.Duration(float64(n)/float64(rate)*float64(time.Second))))) {
				return context.Cause(ctx)
			}
		}
	}
}

// judge looks at the header once it has come, and keeps the part on the disk.
func (d *download) judge(last bool) error {
	if d.total == 0 && (last || d.at >= int64(ctl.MaxHeader)) {
		h, err := ctl.ReadHeader(io.NewSectionReader(d.file, 0, d.at))
		if r, ok := errors.AsType[*ctl.Refusal](err); ok && r.Code == ctl.Truncated && last {
			return nil // the rest may come with the next attempt
		}
		if err != nil {
			return err
		}
		m, err := d.accept(h)
		if err != nil {
			return err
		}
		d.total = h.Size() + m.Payload.Stored
	}
	if d.total > 0 {
		d.progress(min(d.at, d.total), d.total)
		if d.at > d.total {
			return whole(d.file.Name(), d.accept) // says that something follows
		}
	}
	if d.at-d.synced >= syncEach {
		d.synced = d.at
		if err := d.file.Sync(); err != nil {
			return errors.Join(errDisk, err)
		}
	}
	return nil
}
