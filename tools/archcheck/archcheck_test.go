package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

// The house itself follows its plan.
func TestHouse(t *testing.T) {
	problems, err := Check(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Error(p)
	}
}

// tree is a small module in order, with the given files on top.
func tree(files ...string) fstest.MapFS {
	m := fstest.MapFS{
		"go.mod":                  {Data: []byte("module " + module + "\n\ngo 1.26.0\n")},
		"dsp/pcm/pcm.go":          {Data: []byte("// Package pcm is samples.\npackage pcm\n")},
		"firmware/tel/tel.go":     {Data: []byte("// Package tel is words.\npackage tel\n\nimport _ \"strconv\"\n")},
		"firmware/acd/acd.go":     {Data: []byte("// Package acd is queues.\npackage acd\n\nimport (\n\t_ \"" + module + "/firmware/tel\"\n\t\"time\"\n)\n\nvar D time.Duration\n")},
		"testbench/memnet/net.go": {Data: []byte("// Package memnet is a net.\npackage memnet\n")},
	}
	for i := 0; i < len(files); i += 2 {
		m[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return m
}

// source is a file of package name, with its comment, importing what is named.
func source(name string, imports ...string) string {
	s := "// Package " + name + " is a fixture.\npackage " + name + "\n"
	for _, i := range imports {
		if strings.HasPrefix(i, "~/") {
			i = module + i[1:]
		}
		s += "import _ \"" + i + "\"\n"
	}
	return s
}

func TestATreeInOrderHasNoProblems(t *testing.T) {
	problems, err := Check(tree("firmware/acd/acd_test.go", "package acd\n\nimport (\n\t_ \""+module+"/testbench/memnet\"\n\t\"time\"\n)\n\nfunc f() { <-time.After(1) }\n",
		"firmware/web/ui/testdata/x.go", "nonsense", "dsp/mix/mix.go", source("mix", "~/dsp/pcm", "math"), "testbench/acd/main.go", "// Command acd rings.\npackage main\n"))
	if err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}

// Every rule has a fixture that breaks it, and finds exactly that.
func TestRules(t *testing.T) {
	for name, c := range map[string]struct {
		files []string
		want  string
	}{
		"dsp upwards":            {[]string{"dsp/mix/mix.go", source("mix", "~/firmware/tel")}, "dsp/mix/mix.go:3: dsp/mix may not import firmware/tel"},
		"dsp with a clock":       {[]string{"dsp/mix/mix.go", source("mix", "time")}, "dsp/mix may never import time"},
		"dsp with random":        {[]string{"dsp/mix/mix.go", source("mix", "math/rand/v2")}, "dsp/mix may never import math/rand/v2"},
		"dsp with atomics":       {[]string{"dsp/mix/mix.go", source("mix", "sync/atomic")}, "dsp/mix may never import sync/atomic"},
		"dsp with a library":     {[]string{"dsp/mix/mix.go", source("mix", "example.com/x")}, "dsp/mix may not import other people's modules"},
		"hal with a driver":      {[]string{"hal/led/led.go", source("led", "periph.io/x/conn/v3")}, "hal/led may not import other people's modules"},
		"hal above itself":       {[]string{"hal/led/led.go", source("led", "~/firmware/tel")}, "hal/led may not import firmware/tel"},
		"board into firmware":    {[]string{"board/sim/sim.go", source("sim", "~/firmware/tel")}, "board/sim may not import firmware/tel"},
		"board with SQL":         {[]string{"board/sim/sim.go", source("sim", "database/sql")}, "board/sim may never import database/sql"},
		"tel with more":          {[]string{"firmware/tel/more.go", "package tel\nimport _ \"strings\"\n"}, "firmware/tel may never import strings"},
		"machine to machine":     {[]string{"firmware/call/call.go", source("call", "~/firmware/acd")}, "firmware/call may not import firmware/acd"},
		"machine with a mutex":   {[]string{"firmware/call/call.go", source("call", "sync")}, "firmware/call may never import sync"},
		"machine with a log":     {[]string{"firmware/call/call.go", source("call", "log/slog")}, "firmware/call may never import log/slog"},
		"machine with a clock":   {[]string{"firmware/acd/now.go", "package acd\nimport \"time\"\nvar x = time.Now\n"}, "firmware/acd/now.go:3: firmware/acd is a machine: the instant comes in, time.Now does not"},
		"machine, renamed clock": {[]string{"firmware/acd/now.go", "package acd\nimport t \"time\"\nvar x = t.After\n"}, "time.After does not"},
		"exchange to shells":     {[]string{"firmware/exchange/x.go", source("exchange", "~/firmware/sipua")}, "firmware/exchange may not import firmware/sipua"},
		"exchange with a net":    {[]string{"firmware/exchange/x.go", source("exchange", "net/netip")}, "firmware/exchange may never import net/netip"},
		"media to the book":      {[]string{"firmware/media/player/x.go", source("player", "~/firmware/book")}, "firmware/media/player may not import firmware/book"},
		"sipua to media":         {[]string{"firmware/sipua/offer/x.go", source("offer", "~/firmware/media")}, "firmware/sipua/offer may not import firmware/media"},
		"web to sipua":           {[]string{"firmware/web/x.go", source("web", "~/firmware/sipua")}, "firmware/web may not import firmware/sipua"},
		"uplink to exchange":     {[]string{"firmware/uplink/httpsink/x.go", source("httpsink", "~/firmware/exchange")}, "firmware/uplink/httpsink may not import firmware/exchange"},
		"tools to the app":       {[]string{"tools/x/x.go", source("main", "~/firmware/app")}, "tools/x may not import firmware/app"},
		"tools to testbench":     {[]string{"tools/x/x.go", source("main", "~/testbench/memnet")}, "tools/x may not import testbench/memnet: only testbench/** and tests do"},
		"app to testbench":       {[]string{"firmware/app/x.go", source("app", "~/testbench/memnet")}, "firmware/app may not import testbench/memnet"},
		"unlisted package":       {[]string{"firmware/zoo/zoo.go", source("zoo")}, "firmware/zoo: the package has no row"},
		"no comment":             {[]string{"dsp/mix/mix.go", "package mix\n"}, "dsp/mix: the package has no comment"},
		"two comments":           {[]string{"dsp/pcm/two.go", source("pcm")}, "dsp/pcm: the package has 2 comments"},
		"name taken":             {[]string{"hal/pcm/pcm.go", source("pcm")}, "hal/pcm: the name pcm is taken by dsp/pcm"},
		"long file":              {[]string{"dsp/pcm/long.go", "package pcm\n" + strings.Repeat("\n", alarm)}, "dsp/pcm/long.go: it has 501 lines"},
		"replace":                {[]string{"go.mod", "module " + module + "\nreplace a => b v1\n"}, "go.mod:2: a module is replaced"},
		"replace block":          {[]string{"go.mod", "module " + module + "\nreplace (\na => b v1\n)\n"}, "go.mod:3: a module is replaced"},
		"module path":            {[]string{"go.mod", "module example.com/x\n"}, "go.mod:1: the module path is not"},
		"sleeping test":          {[]string{"dsp/pcm/pcm_test.go", "package pcm\nimport \"time\"\nfunc f() { time.Sle" + "ep(1) }\n"}, "dsp/pcm/pcm_test.go:3: a test sleeps"},
		"exec":                   {[]string{"firmware/app/x.go", source("app", "os/exec")}, "programs are not started from firmware/app"},
		"init":                   {[]string{"dsp/pcm/i.go", "package pcm\nfunc init() {}\n"}, "dsp/pcm/i.go:2: an init function"},
		"foreign folder":         {[]string{"pkg/x/x.go", source("x")}, "pkg/x/x.go: Go files stand in"},
		"broken file":            {[]string{"dsp/pcm/b.go", "package pcm\nfunc {\n"}, "dsp/pcm/b.go: cannot be parsed"},
	} {
		problems, err := Check(tree(c.files...))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		hit := false
		for _, p := range problems {
			hit = hit || strings.Contains(p.String(), c.want)
		}
		if !hit {
			t.Errorf("%s: found %v, want %q", name, problems, c.want)
		}
		if most := 2; len(problems) > most {
			t.Errorf("%s: %d problems: %v", name, len(problems), problems)
		}
	}
}

// The list of reasons holds no file that is gone or short again.
func TestReasonsAreNeeded(t *testing.T) {
	for file, why := range long {
		text, err := os.ReadFile("../../" + file)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if n := bytes.Count(text, []byte("\n")); n <= alarm || why == "" {
			t.Errorf("%s has %d lines: it needs no reason any more", file, n)
		}
	}
}

func TestProgram(t *testing.T) {
	var out, errs bytes.Buffer
	if code := run([]string{t.TempDir()}, &out, &errs); code != 2 || !strings.Contains(errs.String(), "cannot check") {
		t.Errorf("without a module: %d %s", code, errs.String())
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, tree("dsp/mix/mix.go", source("mix", "time"))); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	errs.Reset()
	if code := run([]string{dir}, &out, &errs); code != 1 || out.String() != "dsp/mix/mix.go:3: dsp/mix may never import time\n" {
		t.Errorf("%d %q %q", code, out.String(), errs.String())
	}
}
