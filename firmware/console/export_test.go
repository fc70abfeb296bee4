package console

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/centralita/centralita/firmware/tel"
)

// An export can be read back, and no cell of it is a formula.
func TestExport(t *testing.T) {
	book := shelf{calls: []string{someBook.calls[0],
		`{"id":"1-2","direction":"in","from":"+34600111222","to":"@SUM(A1)","port":"=cmd|' /C calc'!A0","queue":"a,\"b\"","agent":"-2","began":"2000-01-01T00:00:01.000Z","connected":null,"talk_s":0.5,"evidence":"x\r\ny"}`}}
	var out bytes.Buffer
	if code := New(Deps{Book: book}).Exec(t.Context(), []string{"book", "export", "csv"}, &out); code != Fine {
		t.Fatalf("%d: %s", code, out.String())
	}
	rows, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
	if err != nil || len(rows) != 3 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	want := "1-2|in|'+34600111222|'@SUM(A1)|'=cmd|' /C calc'!A0|a,\"b\"|'-2|2000-01-01T00:00:01.000Z||||||0.5|||||x y"
	if got := strings.Join(rows[2], "|"); got != want {
		t.Errorf("%s\nnot %s", got, want)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
				t.Errorf("%q is a formula", cell)
			}
		}
	}
	out.Reset()
	New(Deps{Book: book}).Exec(t.Context(), []string{"book", "export", "json", "7"}, &out)
	if got := strings.Count(out.String(), "\n"); got != 2 || !strings.HasPrefix(out.String(), someBook.calls[0]) {
		t.Errorf("JSON: %s", out.String())
	}
}

func TestGap(t *testing.T) {
	bubble(t, Deps{Lang: tel.Spanish}, maria(), func(t *testing.T, s *sitting) {
		s.Do("login maria", "Contraseña: ")
		s.Do("secret123", "@centralita> ")
		s.Do("book gap", "le faltan 214, de 48012 a 48225; cannot reach the")
	})
}
