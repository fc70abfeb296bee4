package receiver

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

// Faults makes a handler misbehave by chance, each figure a probability.
type Faults struct {
	CutBefore float64 // the connection is cut before anything is stored
	CutAfter  float64 // stored, then cut before the answer
	Error     float64 // 500 before anything is stored
	ErrorLate float64 // stored, then 503
	Twice     float64 // the request is worked twice, as a repeating proxy would
	Stale     float64 // worked, but answered with an older answer once more
	Slow      float64 // the answer takes SlowFor
	SlowFor   time.Duration

	mu   sync.Mutex
	rand *rand.Rand
	calm bool
	old  []byte
}

// Seed sets the chance; it must be called once before use.
func (f *Faults) Seed(seed uint64) *Faults {
	f.rand = rand.New(rand.NewPCG(seed, 1))
	return f
}

// Calm ends the misbehaviour.
func (f *Faults) Calm() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calm = true
}

// Wrap returns next with faults.
func (f *Faults) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if f.hit(f.CutBefore) {
			panic(http.ErrAbortHandler)
		}
		if f.hit(f.Error) {
			http.Error(w, "by chance", http.StatusInternalServerError)
			return
		}
		body, err := io.ReadAll(req.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		work := func() *httptest.ResponseRecorder {
			req.Body = io.NopCloser(bytes.NewReader(body))
			rec := httptest.NewRecorder()
			next.ServeHTTP(rec, req)
			return rec
		}
		rec := work()
		if f.hit(f.Twice) {
			rec = work()
		}
		if f.hit(f.Slow) {
			pause(req, f.SlowFor)
		}
		switch {
		case f.hit(f.CutAfter):
			panic(http.ErrAbortHandler)
		case f.hit(f.ErrorLate):
			http.Error(w, "by chance", http.StatusServiceUnavailable)
			return
		}
		f.answer(w, rec)
	})
}

// answer gives the answer, or the one before it once more.
func (f *Faults) answer(w http.ResponseWriter, rec *httptest.ResponseRecorder) {
	stale := f.hit(f.Stale)
	f.mu.Lock()
	out := rec.Body.Bytes()
	if rec.Code == http.StatusOK {
		if stale && f.old != nil {
			out = f.old
		} else {
			f.old = out
		}
	}
	f.mu.Unlock()
	w.WriteHeader(rec.Code)
	w.Write(out) // a cut connection is the sender's business
}

// hit throws the dice.
func (f *Faults) hit(p float64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return p > 0 && !f.calm && f.rand.Float64() < p
}

// pause waits for d or until the sender is gone.
func pause(req *http.Request, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-req.Context().Done():
	}
}
