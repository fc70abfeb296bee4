package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

const (
	good  = "una frase bien larga"
	other = "otra frase muy distinta"
)

// cheap is the least cost there is: most tests are not about time.
var cheap = Cost{Memory: 8, Passes: 1, Lanes: 1}

// diary keeps what the book is told.
type diary struct{ facts []Fact }

func (d *diary) add(f Fact) { d.facts = append(d.facts, f) }

func (d *diary) last() Fact {
	if len(d.facts) == 0 {
		return Fact{}
	}
	return d.facts[len(d.facts)-1]
}

func (d *diary) count(w What) (n int) {
	for _, f := range d.facts {
		if f.What == w {
			n++
		}
	}
	return n
}

// box is an Access on a new folder.
func box(t *testing.T) (*Access, *diary, string) {
	d, dir := &diary{}, t.TempDir()
	return Open(dir, Options{Book: d.add, Cost: cheap}), d, dir
}

// owned is one that ana owns.
func owned(t *testing.T) (*Access, *diary, string, tel.Who) {
	t.Helper()
	a, d, dir := box(t)
	who, err := a.Claim(t.Context(), "", "Ana", good, tel.DoorSerial)
	if err != nil {
		t.Fatal(err)
	}
	return a, d, dir, who
}

// in runs a test in virtual time.
func in(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}

// pass lets virtual time pass.
func pass(d time.Duration) { <-time.After(d) }

func wait(err error) time.Duration {
	if r, ok := errors.AsType[*Refusal](err); ok {
		return r.Wait
	}
	return 0
}

func TestClaimByWeb(t *testing.T) {
	in(t, func(t *testing.T) {
		a, d, dir := box(t)
		code, until := a.Code()
		if a.Claimed() || len(code) != 14 || time.Until(until) != 10*time.Minute {
			t.Fatalf("claimed %t, code %q until %s", a.Claimed(), code, until)
		}
		if _, err := a.Login(t.Context(), "ana", good, tel.DoorWeb, "10.0.0.9"); !errors.Is(err, errUnclaimed) {
			t.Errorf("log-in before the claim: %v", err)
		}
		if _, err := a.Prove(t.Context(), "0000-0000-0000", "10.0.0.9"); err == nil || !strings.Contains(err.Error(), "4 tries") {
			t.Errorf("a wrong code: %v", err)
		}
		ticket, err := a.Prove(t.Context(), strings.ToLower(code), "10.0.0.9")
		if err != nil {
			t.Fatal(err)
		}
		if now, _ := a.Code(); now == code || now == "" {
			t.Errorf("the code is %q after it was spent", now)
		}
		if _, err := a.Own(t.Context(), ticket, "ana", "corta", tel.DoorWeb, "10.0.0.9"); err == nil || a.Claimed() {
			t.Error("a short password made an owner")
		}
		if _, err := a.Own(t.Context(), "x", "ana", good, tel.DoorWeb, "10.0.0.9"); !errors.Is(err, errTicket) {
			t.Errorf("without the ticket: %v", err)
		}
		who, err := a.Own(t.Context(), ticket, " Ana ", good, tel.DoorWeb, "10.0.0.9")
		if err != nil || who != (tel.Who{Name: "ana", Role: tel.Owner, Via: tel.DoorWeb}) {
			t.Fatalf("%+v, %v", who, err)
		}
		if code, until := a.Code(); !a.Claimed() || code != "" || !until.IsZero() {
			t.Errorf("claimed %t, code %q until %s", a.Claimed(), code, until)
		}
		if f := d.last(); f.What != WasClaimed || f.Name != "ana" || f.From != "10.0.0.9" || f.By.Via != tel.DoorWeb {
			t.Errorf("booked %+v", f)
		}
		if _, err := a.Own(t.Context(), ticket, "eva", good, tel.DoorWeb, ""); !errors.Is(err, errClaimed) {
			t.Errorf("a second owner by the same ticket: %v", err)
		}
		if _, err := a.Prove(t.Context(), code, ""); !errors.Is(err, errClaimed) {
			t.Errorf("the code after the claim: %v", err)
		}
		again := Open(dir, Options{Cost: cheap})
		if !again.Claimed() || again.Trouble() != nil {
			t.Fatal("a restart forgot the owner")
		}
		if who, err := again.Login(t.Context(), "ANA", good, tel.DoorSSH, "10.0.0.9"); err != nil || who.Role != tel.Owner {
			t.Errorf("%+v, %v", who, err)
		}
		info, err := os.Stat(filepath.Join(dir, FileName))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
	})
}

func TestATicketRunsOut(t *testing.T) {
	in(t, func(t *testing.T) {
		a, _, _ := box(t)
		code, _ := a.Code()
		ticket, err := a.Prove(t.Context(), code, "10.0.0.9")
		if err != nil || !a.Proved(ticket) {
			t.Fatal(err)
		}
		pass(15 * time.Minute)
		if a.Proved(ticket) {
			t.Error("it is good after 15 minutes")
		}
		if _, err := a.Own(t.Context(), ticket, "ana", good, tel.DoorWeb, ""); !errors.Is(err, errTicket) {
			t.Errorf("%v", err)
		}
	})
}

// Every ten minutes there is another code, and people who look are told.
func TestRunChangesTheCode(t *testing.T) {
	in(t, func(t *testing.T) {
		var told atomic.Int32
		a := Open(t.TempDir(), Options{Cost: cheap, Changed: func() { told.Add(1) }})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- a.Run(ctx) }()
		seen := map[string]bool{}
		for range 144 {
			synctest.Wait()
			code, until := a.Code()
			if seen[code] || code == "" || time.Until(until) > 10*time.Minute {
				t.Fatalf("code %q until %s", code, until)
			}
			seen[code] = true
			pass(10*time.Minute + time.Millisecond)
		}
		if told.Load() < 144 {
			t.Errorf("told %d times in a day", told.Load())
		}
		for range 5 {
			_, _ = a.Prove(ctx, "0000-0000-0000", "")
		}
		synctest.Wait()
		if code, until := a.Code(); code != "" || time.Until(until) != time.Minute {
			t.Errorf("after five wrong ones: %q until %s", code, until)
		}
		if _, left, waiting := a.Window(); !waiting || left != 0 {
			t.Errorf("window: %d left, waiting %t", left, waiting)
		}
		pass(61 * time.Second)
		if code, _ := a.Code(); code == "" {
			t.Error("no code after the wait")
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestClaimAtTheSerialLineNeedsNoCode(t *testing.T) {
	in(t, func(t *testing.T) {
		for _, door := range []tel.Door{tel.DoorSerial, tel.DoorSocket} {
			a, _, _ := box(t)
			if _, err := a.Claim(t.Context(), "", "ana", good, door); err != nil {
				t.Errorf("%s: %v", door, err)
			}
		}
		for _, door := range []tel.Door{tel.DoorWeb, tel.DoorSSH} {
			a, _, _ := box(t)
			if _, err := a.Claim(t.Context(), "", "ana", good, door); err == nil || a.Claimed() {
				t.Errorf("%s claimed without the code", door)
			}
			code, _ := a.Code()
			if _, err := a.Claim(t.Context(), code, "ana", good, door); err != nil {
				t.Errorf("%s with the code: %v", door, err)
			}
		}
	})
}

// A broken file is no way to become the owner.
func TestABrokenFileOpensNothing(t *testing.T) {
	_, _, dir, _ := owned(t)
	path := filepath.Join(dir, FileName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]string{"empty": "", "half": string(whole[:len(whole)/2]), "no people": `{"version":1,"people":[]}`, "other": `[]`,
		"tail": string(whole) + "{}", "version": strings.Replace(string(whole), `"version": 1`, `"version": 2`, 1), "no owner": strings.Replace(string(whole), `"owner"`, `"agent"`, 1),
		"dear": strings.Replace(string(whole), "m=8,", "m=8388608,", 1)} {
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		a := Open(dir, Options{Cost: cheap})
		if a.Trouble() == nil || !a.Claimed() {
			t.Errorf("%s: trouble %v, claimed %t", name, a.Trouble(), a.Claimed())
		}
		if code, _ := a.Code(); code != "" {
			t.Errorf("%s: a code is shown", name)
		}
		for _, door := range []tel.Door{tel.DoorSerial, tel.DoorSocket, tel.DoorWeb} {
			if _, err := a.Claim(t.Context(), "", "eva", good, door); err == nil {
				t.Errorf("%s: claimed by %s", name, door)
			}
			if _, err := a.Login(t.Context(), "ana", good, door, ""); err == nil {
				t.Errorf("%s: entered by %s", name, door)
			}
		}
		if now, _ := os.ReadFile(path); string(now) != body {
			t.Errorf("%s: the file was written", name)
		}
	}
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Open(dir, Options{Cost: cheap}).Trouble(); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("readable by others: %v", err)
	}
}

// What is kept on the disk and told to the book holds no password, token or code.
func TestNoSecretIsKeptOrTold(t *testing.T) {
	in(t, func(t *testing.T) {
		a, d, dir := box(t)
		ctx := t.Context()
		code, _ := a.Code()
		secrets := []string{good, other, code, strings.ReplaceAll(code, "-", "")}
		ticket, err := a.Prove(ctx, code, "10.0.0.9")
		if err != nil {
			t.Fatal(err)
		}
		who, err := a.Own(ctx, ticket, "ana", good, tel.DoorWeb, "10.0.0.9")
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Add(ctx, who, "eva", tel.Technician, other, "10.0.0.9"); err != nil {
			t.Fatal(err)
		}
		token := a.Begin(who, "10.0.0.9")
		secrets = append(secrets, ticket, token)
		_, _ = a.Login(ctx, "eva", good+"x", tel.DoorWeb, "10.0.0.9")
		_, _ = a.Login(ctx, other, "zzz", tel.DoorWeb, "10.0.0.9") // the password in the place of the name
		if _, ok := a.Session(token, "10.0.0.10"); !ok {
			t.Error("the session ended at another address")
		}
		if err := a.Passwd(ctx, who, "ana", good, other, "10.0.0.9"); err != nil {
			t.Fatal(err)
		}
		a.End(token, "10.0.0.9")
		told := fmt.Sprintf("%+v", d.facts)
		file, err := os.ReadFile(filepath.Join(dir, FileName))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range secrets {
			if strings.Contains(told, s) || strings.Contains(string(file), s) || strings.Contains(fmt.Sprintf("%+v", a.claim.Describe()), s) {
				t.Errorf("%q is told or kept", s)
			}
		}
		for _, w := range []What{WasClaimed, Changed, WasRefused, Moved, PasswordSet} {
			if d.count(w) == 0 {
				t.Errorf("%s was not booked", w)
			}
		}
		left, _ := filepath.Glob(filepath.Join(dir, "*"))
		if len(left) != 1 {
			t.Errorf("files left: %v", left)
		}
	})
}

// FuzzAccounts: any bytes are refused, or make accounts that are written and read
// back the same, with an owner and payable hashes.
func FuzzAccounts(f *testing.F) {
	h, err := newHasher(cheap).hash(context.Background(), good)
	if err != nil {
		f.Fatal(err)
	}
	doc, _ := json.Marshal(document{1, []record{{Name: "ana", Role: "owner", Hash: h, Keys: []string{edKey}}, {Name: "eva", Role: "agent", Hash: h}}})
	f.Add(doc)
	f.Add([]byte(`{"version":1,"people":[{"name":"ana","role":"owner","hash":"$argon2id$v=19$m=4294967295,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA"}]}`))
	f.Add([]byte(`{"version":1,"people":null}`))
	f.Add([]byte(``))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, raw []byte) {
		people, err := parse(raw)
		if err != nil {
			if people != nil {
				t.Errorf("people beside %v", err)
			}
			return
		}
		owners := 0
		for _, p := range people {
			if p.Role == tel.Owner {
				owners++
			}
			if c, _, _, err := parseHash(p.Hash); err != nil || c.Memory > 64<<10 || c.Passes > 8 {
				t.Errorf("hash %q: %v", p.Hash, err)
			}
		}
		if owners == 0 {
			t.Error("no owner")
		}
		for i := range people { // JSON keeps no monotonic clock and no odd zones
			if y := people[i].Since.Year(); y < 1 || y > 9999 {
				return
			}
			if y := people[i].Changed.UTC().Year(); y < 1 || y > 9999 {
				return
			}
			if y := people[i].Since.UTC().Year(); y < 1 || y > 9999 {
				return
			}
		}
		path := filepath.Join(dir, fmt.Sprint(os.Getpid()))
		if err := save(path, people); err != nil {
			t.Fatal(err)
		}
		again, err := load(path)
		if err != nil || len(again) != len(people) {
			t.Fatalf("read back: %v", err)
		}
		for i := range again {
			if again[i].Name != people[i].Name || again[i].Hash != people[i].Hash || again[i].Role != people[i].Role || len(again[i].Keys) != len(people[i].Keys) {
				t.Errorf("%+v became %+v", people[i], again[i])
			}
		}
	})
}
