package provision

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/config/place"
	"github.com/centralita/centralita/firmware/durable"
)

const good = `# A site of ours
site: {id: centro, name: Centro}
provision:
  owner:
    name: maria
    password: nueve gatos verdes
  secrets:
    sede: "s3cr3t-canary"
  net:
    eth0:
      address: 192.168.1.40/24
      gateway: 192.168.1.1
uplinks:
  - {token: "secret:sede"}
`

var errCut = errors.New("power cut")

// card is a boot partition and a data folder.
type card struct {
	t          *testing.T
	boot, data string
	keys       []ed25519.PublicKey
	disk       durable.Disk
	taken      []*Plan
	takeErr    error
	claimed    bool
}

func newCard(t *testing.T, files map[string]string) *card {
	t.Helper()
	c := &card{t: t, boot: t.TempDir(), data: t.TempDir()}
	for name, text := range files {
		c.put(name, text)
	}
	return c
}

func (c *card) put(name, text string) {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.boot, name), []byte(text), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

// lax takes every name, and every document with a site.
func lax() Check {
	return Check{
		Document: func(name string, doc []byte) []place.Problem {
			sink := place.NewSink(name)
			root := place.Parse(sink, doc)
			if root == nil {
				return sink.Problems()
			}
			f := sink.Fields(root, root.At, "document")
			f.Need("site", "{id: x}")
			f.Get("uplinks")
			f.Done()
			return sink.Problems()
		},
		Name: func(n string) error {
			if n != "maria" {
				return errors.New("that is no name")
			}
			return nil
		},
		Password: func(_, p string) error {
			if len(p) < 10 {
				return errors.New("the password is short")
			}
			return nil
		},
		Hash: func(h string) error {
			if !strings.HasPrefix(h, "$argon2id$") {
				return errors.New("that is no hash")
			}
			return nil
		},
		Key: func(l string) error {
			if !strings.HasPrefix(l, "ssh-") {
				return errors.New("that is no key")
			}
			return nil
		},
	}
}

// start plays one start of the box.
func (c *card) start() (Record, error) {
	return Run(Config{
		Boot: c.boot, Data: c.data, Keys: c.keys, Check: lax(), Disk: c.disk,
		Claimed: func() bool { return c.claimed },
		Take: func(p *Plan) error {
			if c.takeErr == nil {
				c.taken = append(c.taken, p)
				c.claimed = p.Owner != nil
			}
			return c.takeErr
		},
		Now: func() time.Time { return time.Date(2026, 11, 29, 1, 2, 3, 0, time.UTC) },
	})
}

func (c *card) must() Record {
	c.t.Helper()
	r, err := c.start()
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

func (c *card) has(name string) bool {
	_, err := os.Lstat(filepath.Join(c.boot, name))
	return err == nil
}

func (c *card) result() string {
	raw, err := os.ReadFile(filepath.Join(c.boot, ResultName))
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

func TestTakenOver(t *testing.T) {
	c := newCard(t, map[string]string{"CENTRALITA.YAML": good, "._centralita.yaml": "of a Mac", "config.txt": "arm_64bit=1"})
	r := c.must()
	if r.State != Taken || !r.Wiped || r.Digest != "" || len(c.taken) != 1 || c.has("CENTRALITA.YAML") || !c.has("config.txt") {
		t.Errorf("%+v, %d times", r, len(c.taken))
	}
	p := c.taken[0]
	if p.Owner.Name != "maria" || p.Owner.Password != "nueve gatos verdes" || p.Secrets["sede"] != "s3cr3t-canary" || p.Net.Of("eth0").Address.String() != "192.168.1.40/24" ||
		!strings.Contains(string(p.Document), "uplinks:") || strings.Contains(string(p.Document), "canary") || strings.Contains(string(p.Document), "gatos") {
		t.Errorf("%+v\n%s", p.Owner, p.Document)
	}
	for _, want := range []string{"La caja se configuró", "The box was set up", "sectores viejos", "old sectors", "2026-11-29 01:02 UTC"} {
		if !strings.Contains(c.result(), want) {
			t.Errorf("no %q in the result:\n%s", want, c.result())
		}
	}
	if r := c.must(); r.State != Nothing || len(c.taken) != 1 {
		t.Errorf("the next start: %+v", r)
	}
	if r, err := Load(c.data); err != nil || r.State != Taken || !r.Wiped {
		t.Errorf("what the program reads: %+v, %v", r, err)
	}
}

// What is refused changes nothing, stays where it is, says why in both languages and
// shows no secret; put right it is taken over at the next start.
func TestRefused(t *testing.T) {
	broken := strings.Replace(good, "uplinks:", "upliks:", 1)
	for name, c := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"two files":    {map[string]string{FileName: good, "centralita (1).yaml": good}, []string{"más de un archivo", "more than one file", "centralita (1).yaml"}},
		"another name": {map[string]string{"centralita.yaml.txt": good}, []string{"call it centralita.yaml", "llámelo"}},
		"yml":          {map[string]string{"centralita.yml": good}, []string{"call it centralita.yaml"}},
		"a mistake":    {map[string]string{FileName: broken}, []string{"un problema", "nothing of it was taken over", `centralita.yaml:13:1: unknown key "upliks"`, `centralita.yaml:13:1: clave desconocida "upliks"`}},
		"half a file":  {map[string]string{FileName: good[:150]}, []string{"centralita.yaml:8:"}},
		"garbage":      {map[string]string{FileName: "\x00\x01\xff\xfe" + strings.Repeat("\x80", 100)}, []string{"centralita.yaml:1:"}},
		"empty":        {map[string]string{FileName: ""}, []string{"the file is empty"}},
		"too large":    {map[string]string{FileName: strings.Repeat("#", place.MaxSize+1)}, []string{"1048576 is the most"}},
		"no secret":    {map[string]string{FileName: strings.Replace(good, "sede: \"", "sedes: \"", 1)}, []string{`centralita.yaml:14:13: there is no secret "sede"`}},
		"weak":         {map[string]string{FileName: strings.Replace(good, "nueve gatos verdes", "gatos", 1)}, []string{"centralita.yaml:6:15: the password is short"}},
		"no way in":    {map[string]string{FileName: strings.Replace(good, "    password: nueve gatos verdes\n", "", 1)}, []string{"the owner cannot log in"}},
		"address":      {map[string]string{FileName: strings.Replace(good, "192.168.1.1\n", "192.168.2.1\n", 1)}, []string{"centralita.yaml:10:5: cannot use the gateway"}},
	} {
		k := newCard(t, c.files)
		r := k.must()
		text := k.result()
		if r.State != Refused || len(k.taken) != 0 || !strings.Contains(text, "NO se tomó") || !strings.Contains(text, "NOT taken over") {
			t.Errorf("%s: %+v\n%s", name, r, text)
		}
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", name, want, text)
			}
		}
		if strings.Contains(text, "canary") || strings.Contains(text, "gatos") {
			t.Errorf("%s: a secret is shown:\n%s", name, text)
		}
		for f := range c.files {
			if !k.has(f) {
				t.Errorf("%s: %s is gone", name, f)
			}
			os.Remove(filepath.Join(k.boot, f))
		}
		k.put(FileName, good)
		if r := k.must(); r.State != Taken || len(k.taken) != 1 {
			t.Errorf("%s, put right: %+v", name, r)
		}
	}
}

// The sectors of half a file: no length of it is taken over in part, nor shows a secret.
func TestEveryHalf(t *testing.T) {
	for n := range len(good) {
		plan, problems := Parse(FileName, []byte(good[:n]), lax())
		if (plan == nil) == (len(problems) == 0) {
			t.Fatalf("%d bytes: a plan %v and %d problems", n, plan != nil, len(problems))
		}
		for _, p := range problems {
			if s := p.String(); strings.Contains(s, "canary") || strings.Contains(s, "gatos") {
				t.Errorf("%d bytes: %s", n, s)
			}
		}
	}
}

func TestOwnedBox(t *testing.T) {
	c := newCard(t, map[string]string{FileName: good})
	c.claimed = true
	if r := c.must(); r.State != Refused || len(c.taken) != 0 || !strings.Contains(c.result(), "factory-reset") || !c.has(FileName) {
		t.Errorf("%+v\n%s", r, c.result())
	}
}

func TestSignature(t *testing.T) {
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, other, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	line := "integrador " + base64.StdEncoding.EncodeToString(pub) + "\n"
	if err := os.WriteFile(filepath.Join(dir, "a.pub"), []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	keys, err := LoadKeys(dir)
	if err != nil || len(keys) != 1 {
		t.Fatalf("%v, %v", keys, err)
	}
	for name, c := range map[string]struct{ sig, want string }{
		"good":    {string(Sign(key, []byte(good))), ""},
		"none":    {"", "is missing, which this image demands"},
		"foreign": {string(Sign(other, []byte(good))), "none of this image's keys"},
		"changed": {string(Sign(key, []byte(good+"#"))), "none of this image's keys"},
		"naked":   {base64.StdEncoding.EncodeToString(ed25519.Sign(key, []byte(good))), "none of this image's keys"},
		"garbage": {"\x00\xff", "no ed25519 signature"},
	} {
		k := newCard(t, map[string]string{FileName: good})
		k.keys = keys
		if c.sig != "" {
			k.put(SigName, c.sig)
		}
		r := k.must()
		if c.want == "" {
			if r.State != Taken || k.has(SigName) {
				t.Errorf("%s: %+v", name, r)
			}
			continue
		}
		if r.State != Refused || len(k.taken) != 0 || !strings.Contains(k.result(), c.want) {
			t.Errorf("%s: %+v\n%s", name, r, k.result())
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "b.pub"), []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKeys(dir); err == nil {
		t.Error("a broken key was passed over, which would open a box that demands signatures")
	}
	if keys, err := LoadKeys(filepath.Join(dir, "no")); err != nil || len(keys) != 0 {
		t.Errorf("no folder: %v, %v", keys, err)
	}
}

// Whenever the power goes, the next start comes to the same end: taken over, and
// nothing of the file left. The file never goes before it was taken over.
func TestPowerCutAtEachStep(t *testing.T) {
	for n := 0; ; n++ {
		c := newCard(t, map[string]string{FileName: good})
		steps := 0
		c.disk = durable.Disk{Before: func(durable.Step, string) error {
			if steps == n {
				return errCut
			}
			steps++
			return nil
		}}
		r, err := c.start()
		if steps < n { // it came to its end
			if n < 20 || err != nil || r.State != Taken {
				t.Errorf("after %d steps: %+v, %v", n, r, err)
			}
			return
		}
		if !c.has(FileName) && len(c.taken) == 0 {
			t.Errorf("cut %d: the file is gone and was not taken over", n)
		}
		c.disk = durable.Disk{}
		c.must()
		if r, err := Load(c.data); err != nil || r.State != Taken || !r.Wiped || r.Digest != "" || c.has(FileName) || len(c.taken) == 0 || len(c.taken) > 2 {
			t.Errorf("cut %d: %+v, %v, taken %d times, the file is there: %v", n, r, err, len(c.taken), c.has(FileName))
		}
	}
}

// A cut while the file was written over leaves some of it: it is no new file.
func TestPowerCutInTheWiping(t *testing.T) {
	c := newCard(t, map[string]string{FileName: good})
	c.disk = durable.Disk{Before: func(s durable.Step, _ string) error {
		if s == durable.Zero {
			return errCut
		}
		return nil
	}}
	if r := c.must(); r.State != Taken || r.Wiped || !strings.Contains(r.Left, "power cut") {
		t.Errorf("%+v", r)
	}
	c.put(FileName, strings.Repeat("\x00", 64)+good[64:])
	c.disk = durable.Disk{}
	if r := c.must(); !r.Wiped || c.has(FileName) || len(c.taken) != 1 {
		t.Errorf("%+v, %d times", r, len(c.taken))
	}
}

// A data folder that takes nothing is an error, and the next start tries again.
func TestTakeFails(t *testing.T) {
	c := newCard(t, map[string]string{FileName: good})
	c.takeErr = syscall.ENOSPC
	if _, err := c.start(); !errors.Is(err, syscall.ENOSPC) || !c.has(FileName) {
		t.Errorf("%v", err)
	}
	c.takeErr = nil
	if r := c.must(); r.State != Taken || !r.Wiped {
		t.Errorf("%+v", r)
	}
}

// small mounts a boot partition of one page more than its file.
func small(t *testing.T, c *card, pages int) {
	t.Helper()
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		t.Skip("mounting needs root of a Linux: sudo go test ./firmware/provision")
	}
	mount(t, c.boot, pages)
}

func TestFullPartition(t *testing.T) {
	for name, file := range map[string]string{"taken": good, "refused": "nonsense: true\n"} {
		c := newCard(t, nil)
		small(t, c, 3)
		c.put(FileName, file)
		f, err := os.Create(filepath.Join(c.boot, "fill"))
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, err = f.Write(make([]byte, 512))
		}
		f.Close()
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
		r := c.must()
		if name == "taken" {
			if r.State != Taken || !r.Wiped || c.has(FileName) {
				t.Errorf("%+v", r)
			}
		} else if r.State != Refused || r.Untold == "" || !c.has(FileName) {
			t.Errorf("%+v", r)
		}
		entries, err := os.ReadDir(c.boot)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if durable.Unfinished(e.Name()) {
				t.Errorf("%s is left", e.Name())
			}
		}
	}
}

// On a partition that cannot be written the file is taken over all the same, and the
// box says that it is still there, at every start.
func TestReadOnlyPartition(t *testing.T) {
	c := newCard(t, nil)
	small(t, c, 16)
	c.put(FileName, good)
	readOnly(t, c.boot, true)
	for range 2 {
		r := c.must()
		if r.State != Taken || r.Wiped || !strings.Contains(r.Left, "read-only") || !strings.Contains(r.Untold, "read-only") || len(c.taken) != 1 ||
			!strings.Contains(string(r.Text()), "COULD NOT BE ERASED") {
			t.Errorf("%+v", r)
		}
	}
	readOnly(t, c.boot, false)
	if r := c.must(); !r.Wiped || c.has(FileName) {
		t.Errorf("writable again: %+v", r)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(good)
	f.Add("provision: {owner: {name: maria, password: canary}}\n")
	f.Add("provision:\n  owner:\n    name: [maria]\n    password:\n      - canary\n")
	f.Add("provision:\nsite: {}\nprovision:\n")
	f.Fuzz(func(t *testing.T, text string) {
		plan, problems := Parse(FileName, []byte(text), lax())
		if (plan == nil) == (len(problems) == 0) {
			t.Errorf("%q: a plan %v and %d problems", text, plan != nil, len(problems))
		}
		if plan != nil && plan.Document != nil {
			if p := lax().Document(FileName, plan.Document); len(p) > 0 {
				t.Errorf("%q: its document has problems: %v", text, p)
			}
		}
	})
}

// Should a check quote what was typed, the private of it does not show, not even the
// beginning of a long one.
func TestHide(t *testing.T) {
	long := strings.Repeat("canary", 20)
	problems := []place.Problem{{What: place.Quote("canary") + " is no number", Why: place.Quote(long) + " is long", Hint: `try "auto"`}}
	if got := hide(problems, []string{"canary", long})[0].String(); strings.Contains(got, "canary") || !strings.Contains(got, `"auto"`) {
		t.Errorf("known: %s", got)
	}
	if got := hide(problems, nil)[0].String(); strings.Contains(got, "canary") || strings.Contains(got, "auto") {
		t.Errorf("not known: %s", got)
	}
	if !strings.Contains(problems[0].What, "canary") {
		t.Error("it changed the problems themselves")
	}
}
