package backup

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"
)

const word = "correct horse battery"

func sources() []Source {
	return []Source{
		Bytes("config/index.json", []byte("index")), Bytes("lines/L1.json", bytes.Repeat([]byte("profile "), 4000)), Bytes("prompts/es/hola.wav", []byte("sound")),
	}
}

func write(t testing.TB, s []Source, pass string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, Manifest{Program: "test", Made: time.Unix(1e9, 0).UTC(), Site: "centro"}, s, pass); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// read returns what a file holds, by path.
func read(raw []byte, pass string) (map[string]string, *Manifest, error) {
	got := map[string]string{}
	m, err := Read(bytes.NewReader(raw), pass, func(f File, in io.Reader) error {
		b, err := io.ReadAll(in)
		got[f.Path] = string(b)
		return err
	})
	return got, m, err
}

func TestWhatGoesInComesOut(t *testing.T) {
	for _, pass := range []string{"", word} {
		s := sources()
		if pass != "" {
			s = append(s, Bytes("secrets.json", []byte("{}")), Bytes("tls/key.pem", []byte("key")))
		}
		raw := write(t, s, pass)
		if pass != "" && bytes.Contains(raw, []byte("manifest")) {
			t.Error("it is not encrypted")
		}
		got, m, err := read(raw, pass)
		if err != nil || m.Site != "centro" || m.Secrets != (pass != "") || len(got) != len(s) || got["prompts/es/hola.wav"] != "sound" {
			t.Fatalf("%v, %+v, %v", err, m, got)
		}
	}
}

func TestNoSecretWithoutAPassphrase(t *testing.T) {
	for _, p := range []string{"secrets.json", "access.json", "tls/key.pem"} {
		err := Write(io.Discard, Manifest{}, []Source{Bytes(p, []byte("x"))}, "")
		if err == nil || !strings.Contains(err.Error(), "without a passphrase") {
			t.Errorf("%s: %v", p, err)
		}
	}
	_, _, err := read(hostile(t, Manifest{Format: 1, Secrets: true}, nil), "")
	if err == nil || !strings.Contains(err.Error(), "is not encrypted") {
		t.Errorf("secrets in the clear: %v", err)
	}
}

func TestPassphrases(t *testing.T) {
	raw := write(t, sources(), word)
	if _, _, err := read(raw, ""); err == nil || !strings.Contains(err.Error(), "give its passphrase") {
		t.Errorf("without: %v", err)
	}
	if _, _, err := read(raw, "another one here"); err == nil || !strings.Contains(err.Error(), "wrong passphrase") {
		t.Errorf("a wrong one: %v", err)
	}
}

// Every cut and every flipped byte is noticed, in the clear and encrypted.
func TestDamageIsNoticed(t *testing.T) {
	for _, pass := range []string{"", word} {
		raw := write(t, sources(), pass)
		want, manifest, err := read(raw, pass)
		if err != nil {
			t.Fatal(err)
		}
		step := 1
		if pass != "" {
			step = len(raw)/7 + 1 // each try costs a scrypt
		}
		for i := 0; i < len(raw); i += step {
			if _, _, err := read(raw[:i], pass); err == nil {
				t.Fatalf("cut to %d of %d bytes: nothing noticed", i, len(raw))
			}
			bad := bytes.Clone(raw)
			bad[i] ^= 0x10
			// Bits that say nothing, such as the time in gzip's head, may be anything.
			if got, m, err := read(bad, pass); err == nil && (!maps.Equal(got, want) || !reflect.DeepEqual(m, manifest)) {
				t.Fatalf("byte %d flipped: nothing noticed", i)
			}
		}
		if _, _, err := read(append(bytes.Clone(raw), 'x'), pass); err == nil {
			t.Error("what stands behind the end is not noticed")
		}
	}
	_, _, err := read(write(t, sources(), "")[:200], "")
	if err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("a cut file: %v", err)
	}
}

// hostile writes a tar by hand.
func hostile(t testing.TB, m Manifest, entries []tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	out := tar.NewWriter(zip)
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range append([]tar.Header{{Name: "manifest.json", Typeflag: tar.TypeReg, Size: int64(len(raw)), Mode: 0o600}}, entries...) {
		if err := out.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		body := raw
		if h.Name != "manifest.json" {
			body = bytes.Repeat([]byte("x"), int(h.Size))
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := out.Write(body); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestHostileFilesAreRefused(t *testing.T) {
	x := File{Path: "lines/L1.json", Size: 1, SHA256: "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"}
	reg := tar.Header{Name: x.Path, Typeflag: tar.TypeReg, Size: 1, Mode: 0o600}
	link := tar.Header{Name: x.Path, Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}
	at := func(p string) Manifest {
		return Manifest{Format: 1, Files: []File{{Path: p, Size: 1, SHA256: x.SHA256}}}
	}
	if _, _, err := read(hostile(t, Manifest{Format: 1, Files: []File{x}}, []tar.Header{reg}), ""); err != nil {
		t.Fatal(err) // the others differ from this one
	}
	for name, c := range map[string]struct {
		raw  []byte
		want string
	}{
		"newer":         {hostile(t, Manifest{Format: 2, Program: "9.0"}, nil), "a newer program made it"},
		"outside":       {hostile(t, at("../../etc/passwd"), nil), "has no place"},
		"from the root": {hostile(t, at("/etc/passwd"), nil), "has no place"},
		"up in a place": {hostile(t, at("prompts/../secrets.json"), nil), "has no place"},
		"dots":          {hostile(t, at("tls/.."), nil), "has no place"},
		"another file":  {hostile(t, at("console.sock"), nil), "has no place"},
		"twice":         {hostile(t, Manifest{Format: 1, Files: []File{x, x}}, nil), "stands twice"},
		"huge":          {hostile(t, Manifest{Format: 1, Files: []File{{Path: x.Path, Size: 1 << 40}}}, nil), "at most"},
		"link":          {hostile(t, Manifest{Format: 1, Files: []File{x}}, []tar.Header{link}), "where its manifest has"},
		"unnamed":       {hostile(t, Manifest{Format: 1}, []tar.Header{reg}), "does not name"},
		"missing":       {hostile(t, Manifest{Format: 1, Files: []File{x}}, nil), "ends before"},
		"wrong digest":  {hostile(t, Manifest{Format: 1, Files: []File{{Path: x.Path, Size: 1, SHA256: strings.Repeat("0", 64)}}}, []tar.Header{reg}), "does not match its digest"},
		"hidden secret": {hostile(t, at("secrets.json"), nil), "says that it holds no secrets"},
		"no backup":     {[]byte("hello"), "it is no backup"},
		"empty":         {nil, "cut off"},
	} {
		if _, _, err := read(c.raw, ""); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// Whatever comes: nothing is handed out that has no place in a box, and no panic.
func FuzzRead(f *testing.F) {
	f.Add(write(f, sources(), ""))
	f.Add(hostile(f, Manifest{Format: 1, Files: []File{{Path: "../x", Size: 1}}}, nil))
	f.Add([]byte(sealedMark + "-> scrypt AAAA 30\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, err := Read(bytes.NewReader(raw), "", func(f File, in io.Reader) error {
			if !Permitted(f.Path) || Secret(f.Path) {
				t.Errorf("%q was handed out", f.Path)
			}
			n, err := io.Copy(io.Discard, in)
			if err == nil && n > f.Size {
				t.Errorf("%s has %d bytes more", f.Path, n-f.Size)
			}
			return err
		})
		_ = err // most are refused; what matters is above
	})
}
