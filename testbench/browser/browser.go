// Package browser opens the pages in a real browser, as a person would: for
// tests that look at what is drawn, and keep its picture.
package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Path is the browser that apt installs as "chromium".
const Path = "/usr/bin/chromium"

// Browser is one running browser without a window.
type Browser struct {
	ctx context.Context
}

// Start starts a browser that ends with the test. Without a browser on the
// machine the test fails: what a page looks like cannot be known without.
func Start(t testing.TB) *Browser {
	t.Helper()
	return start(t)
}

// StartPinned starts a browser that takes one key in place of an authority's word: spki
// is the SHA-256 of a public key, in base64. So does a person who has compared it.
func StartPinned(t testing.TB, spki string) *Browser {
	t.Helper()
	return start(t, chromedp.Flag("ignore-certificate-errors-spki-list", spki))
}

func start(t testing.TB, more ...chromedp.ExecAllocatorOption) *Browser {
	t.Helper()
	if _, err := exec.LookPath(Path); err != nil {
		t.Fatalf("cannot look at the pages: %v; install it with: apt install chromium", err)
	}
	opts := []chromedp.ExecAllocatorOption{chromedp.ExecPath(Path), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()), chromedp.NoFirstRun, chromedp.Headless, chromedp.DisableGPU}
	for _, f := range []string{"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync", "disable-dev-shm-usage", "hide-scrollbars", "disable-extensions", "disable-default-apps", "mute-audio"} {
		opts = append(opts, chromedp.Flag(f, true))
	}
	opts = append(opts, more...)
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, stop := chromedp.NewContext(alloc)
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil { // waits until the browser has left its folder
			t.Logf("cannot end the browser: %v", err)
		}
		stop()
		stopAlloc()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("cannot start %s: %v", Path, err)
	}
	return &Browser{ctx}
}

// Page is one page in its own tab.
type Page struct {
	t   testing.TB
	ctx context.Context

	mu       sync.Mutex
	problems []string
}

// Screen is what a page is opened on.
type Screen struct {
	Width, Height int64
	Touch         bool // a telephone
	Still         bool // prefers-reduced-motion
	Dark          bool // prefers-color-scheme
	NoScript      bool // scripts are switched off
}

// Open shows url in a new tab. Every console error, failed request, blocked
// content and dialog from then on is a problem.
func (b *Browser) Open(t testing.TB, url string, s Screen) *Page {
	t.Helper()
	ctx, stop := chromedp.NewContext(b.ctx)
	t.Cleanup(stop)
	limited, stopLimit := context.WithTimeout(ctx, 40*time.Second)
	t.Cleanup(stopLimit)
	p := &Page{t: t, ctx: limited}
	if err := chromedp.Listen(ctx, p.listen); err != nil {
		t.Fatalf("cannot open a tab: %v", err)
	}
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: pick(s.Dark, "dark", "light")},
		{Name: "prefers-reduced-motion", Value: pick(s.Still, "reduce", "no-preference")}}
	call(p, log.Enable, cdp.Empty{})
	call(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: s.Width, Height: s.Height, DeviceScaleFactor: 1, Mobile: s.Touch})
	if s.NoScript {
		call(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	}
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
	if err := chromedp.Do(limited, chromedp.Navigate(url)); err != nil {
		t.Fatalf("cannot open %s: %v; problems: %q", url, err, p.Problems())
	}
	p.Wait("document.readyState === 'complete' && document.fonts.status === 'loaded'")
	return p
}

// call sends a command that must succeed.
func call[P, R any](p *Page, cmd cdp.Command[P, R], params P) R {
	p.t.Helper()
	r, err := chromedp.Call(p.ctx, cmd, params)
	if err != nil {
		p.t.Fatalf("cannot do %s: %v; problems: %q", cmd.Method, err, p.Problems())
	}
	return r
}

func (p *Page) listen(ev any) {
	switch ev := ev.(type) {
	case *runtime.EventConsoleAPICalled:
		if ev.Type == "error" || ev.Type == "warning" || ev.Type == "assert" {
			p.problem(fmt.Sprintf("console.%s: %s", ev.Type, args(ev.Args)))
		}
	case *runtime.EventExceptionThrown:
		p.problem("exception: " + ev.ExceptionDetails.Text + " " + args([]*runtime.RemoteObject{ev.ExceptionDetails.Exception}))
	case *log.EventEntryAdded:
		if ev.Entry.Level == "error" || ev.Entry.Level == "warning" {
			p.problem(fmt.Sprintf("%s %s: %s %s", ev.Entry.Source, ev.Entry.Level, ev.Entry.Text, ev.Entry.URL))
		}
	case *page.EventJavascriptDialogOpening:
		p.problem("dialog: " + ev.Message) // the page stands still until the tab goes
	}
}

func args(list []*runtime.RemoteObject) string {
	out := ""
	for _, a := range list {
		if a == nil {
			continue
		}
		out += string(a.Value) + a.Description + " "
	}
	return out
}

func (p *Page) problem(s string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problems = append(p.problems, s)
}

// Problems returns what went wrong in the page so far.
func (p *Page) Problems() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.problems)
}

// Eval runs an expression in the page and returns its value.
func Eval[T any](p *Page, expression string) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.t.Fatalf("cannot evaluate %s: %v; problems: %q", expression, err, p.Problems())
	}
	return v
}

// Wait waits until the expression is true, for at most twenty seconds. It asks
// anew each time: a poll inside the page would need what its policy forbids.
func (p *Page) Wait(expression string) {
	p.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(20 * time.Second)
	for !Eval[bool](p, expression) {
		select {
		case <-tick.C:
		case <-limit:
			p.t.Fatalf("never came true: %s; problems: %q", expression, p.Problems())
		}
	}
}

// Text returns what a reader sees of the element.
func (p *Page) Text(selector string) string {
	p.t.Helper()
	return Eval[string](p, fmt.Sprintf("document.querySelector(%q)?.innerText ?? '(none)'", selector))
}

// SidewaysScroll returns by how many pixels the page is wider than its screen.
func (p *Page) SidewaysScroll() int {
	p.t.Helper()
	return Eval[int](p, "document.documentElement.scrollWidth - document.documentElement.clientWidth")
}

// Picture keeps a picture of the page as name.png in the test's artefacts and
// returns its path. Whole takes in what is below the screen too.
func (p *Page) Picture(name string, whole bool) string {
	p.t.Helper()
	png := call(p, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: &whole}).Data
	if whole {
		var err error
		if png, err = chromedp.Run(p.ctx, chromedp.FullScreenshot(100)); err != nil {
			p.t.Fatalf("cannot take a picture: %v", err)
		}
	}
	path := filepath.Join(p.t.ArtifactDir(), name+".png")
	if err := os.WriteFile(path, png, 0o644); err != nil {
		p.t.Fatalf("cannot keep a picture: %v", err)
	}
	p.t.Logf("picture: %s", path)
	return path
}

func pick(cond bool, a, b string) string {
	if cond {
		return a
	}
	return b
}
