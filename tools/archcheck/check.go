package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Problem is one thing that does not follow the plan.
type Problem struct {
	File string // slash-separated, below the root
	Line int    // 0: the file or folder as a whole
	What string
}

// String returns FILE:LINE: what.
func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.What
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.What)
}

// checker collects problems over one tree.
type checker struct {
	set      *token.FileSet
	problems []Problem
	docs     map[string][]string // package folder → files with a package comment
	folders  map[string]bool     // package folders with a file that is no test
	programs map[string]bool     // those of them that are commands
}

// Check reads every Go file of the module in root and returns the problems,
// ordered by file and line. Folders named testdata and names that begin with a dot
// or an underscore are left out, as the go command does.
func Check(root fs.FS) ([]Problem, error) {
	c := &checker{set: token.NewFileSet(), docs: map[string][]string{}, folders: map[string]bool{}, programs: map[string]bool{}}
	if err := c.goMod(root); err != nil {
		return nil, err
	}
	err := fs.WalkDir(root, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if p != "." && (name == "testdata" || name == "var" || name == "bin" || name[0] == '.' || name[0] == '_') {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		text, err := fs.ReadFile(root, p)
		if err != nil {
			return err
		}
		return c.file(p, text)
	})
	if err != nil {
		return nil, err
	}
	c.packages()
	slices.SortFunc(c.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.What, b.What))
	})
	return c.problems, nil
}

func (c *checker) add(file string, line int, format string, args ...any) {
	c.problems = append(c.problems, Problem{File: file, Line: line, What: fmt.Sprintf(format, args...)})
}

func (c *checker) line(n ast.Node) int { return c.set.Position(n.Pos()).Line }

// goMod checks the module path and that no module is replaced.
func (c *checker) goMod(root fs.FS) error {
	text, err := fs.ReadFile(root, "go.mod")
	if err != nil {
		return err
	}
	found := false
	inReplace := false
	for i, l := range strings.Split(string(text), "\n") {
		f := strings.Fields(l)
		switch {
		case len(f) == 0:
		case f[0] == "module":
			found = true
			if len(f) < 2 || f[1] != module {
				c.add("go.mod", i+1, "the module path is not %s", module)
			}
		case f[0] == "replace":
			inReplace = len(f) > 1 && f[1] == "("
			c.add("go.mod", i+1, "a module is replaced: what is built must be what is named")
		case f[0] == ")":
			inReplace = false
		case inReplace:
			c.add("go.mod", i+1, "a module is replaced")
		}
	}
	if !found {
		c.add("go.mod", 0, "it names no module")
	}
	return nil
}

// file checks one Go file.
func (c *checker) file(p string, text []byte) error {
	f, err := parser.ParseFile(c.set, p, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		c.add(p, 0, "cannot be parsed: %v", err)
		return nil
	}
	dir, test := path.Dir(p), strings.HasSuffix(p, "_test.go")
	if top, _, _ := strings.Cut(p, "/"); !slices.Contains(folders, top) {
		c.add(p, 0, "Go files stand in %s only", strings.Join(folders, ", "))
	}
	if lines := strings.Count(string(text), "\n"); lines > alarm && long[p] == "" && !ast.IsGenerated(f) && !inAny(dir, unsized) {
		c.add(p, 0, "it has %d lines, more than %d: split it, or write the reason into the list", lines, alarm)
	}
	if !test {
		c.folders[dir] = true
		c.programs[dir] = f.Name.Name == "main"
		if f.Doc != nil {
			c.docs[dir] = append(c.docs[dir], p)
		}
	}
	c.imports(p, dir, test, f)
	c.calls(p, dir, test, f)
	return nil
}

// imports holds the imports of one file against the table.
func (c *checker) imports(p, dir string, test bool, f *ast.File) {
	r := rowOf(dir)
	for _, s := range f.Imports {
		name, err := strconv.Unquote(s.Path.Value)
		if err != nil {
			continue // the parser has accepted it
		}
		at := c.line(s)
		if own, ours := strings.CutPrefix(name, module+"/"); ours {
			if !test {
				c.ours(p, dir, own, at, r)
			}
			continue
		}
		if name == "os/exec" && !test && matchAny(noExec, dir) && mayExec[dir] == "" {
			c.add(p, at, "programs are not started from %s", dir)
		}
		if test || r == nil {
			continue
		}
		if dir == "firmware/tel" && name == "strconv" {
			continue
		}
		if matchAny(r.never, name) {
			c.add(p, at, "%s may never import %s", dir, name)
		}
		if first, _, _ := strings.Cut(name, "/"); strings.Contains(first, ".") && !r.alien {
			c.add(p, at, "%s may not import other people's modules: %s", dir, name)
		}
	}
}

// ours judges the import of own, a package of ours, by the package dir.
func (c *checker) ours(p, dir, own string, at int, r *row) {
	for target, by := range closed {
		if match(target, own) && !matchAny(by, dir) {
			c.add(p, at, "%s may not import %s: only %s and tests do", dir, own, strings.Join(by, ", "))
			return
		}
	}
	if r != nil && !matchAny(r.ours, own) {
		c.add(p, at, "%s may not import %s", dir, own)
	}
}

// calls finds init functions, waiting in tests and clocks in machines.
func (c *checker) calls(p, dir string, test bool, f *ast.File) {
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			c.add(p, c.line(fn), "an init function: say what happens where it happens")
		}
	}
	name := importName(f, "time")
	if name == "" {
		return
	}
	r := rowOf(dir)
	ast.Inspect(f, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		x, ok := s.X.(*ast.Ident)
		if !ok || x.Name != name {
			return true
		}
		switch {
		case test && s.Sel.Name == "Sleep":
			c.add(p, c.line(s), "a test sleeps; wait for what happens, in testing/synctest's virtual time")
		case !test && r != nil && r.virtual && slices.Contains(clock, s.Sel.Name):
			c.add(p, c.line(s), "%s is a machine: the instant comes in, time.%s does not", dir, s.Sel.Name)
		}
		return true
	})
}

// importName is what the file calls the package at pkg, "" when it is not imported.
func importName(f *ast.File, pkg string) string {
	for _, s := range f.Imports {
		if s.Path.Value != strconv.Quote(pkg) {
			continue
		}
		if s.Name != nil {
			return s.Name.Name
		}
		return path.Base(pkg)
	}
	return ""
}

// packages checks what concerns whole packages.
func (c *checker) packages() {
	last := map[string]string{}
	dirs := make([]string, 0, len(c.folders))
	for d := range c.folders {
		dirs = append(dirs, d)
	}
	slices.Sort(dirs)
	for _, d := range dirs {
		if rowOf(d) == nil {
			c.add(d, 0, "the package has no row in the table of tools/archcheck")
		}
		switch docs := c.docs[d]; {
		case len(docs) == 0:
			c.add(d, 0, "the package has no comment")
		case len(docs) > 1:
			c.add(d, 0, "the package has %d comments: %s", len(docs), strings.Join(docs, ", "))
		}
		if c.programs[d] {
			continue // nobody imports a program, so its name confuses no import
		}
		name := path.Base(d)
		if other, twice := last[name]; twice {
			c.add(d, 0, "the name %s is taken by %s", name, other)
		}
		last[name] = d
	}
}

// rowOf is the first row that matches the package, nil for none.
func rowOf(dir string) *row {
	for i := range table {
		if match(table[i].packages, dir) {
			return &table[i]
		}
	}
	return nil
}

// match reports whether name matches pattern: exactly, or below it when the pattern
// ends in /**; ** alone matches everything.
func match(pattern, name string) bool {
	if pattern == "**" {
		return true
	}
	base, tree := strings.CutSuffix(pattern, "/**")
	return name == base || tree && strings.HasPrefix(name, base+"/")
}

func matchAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return match(p, name) })
}

func inAny(dir string, trees []string) bool {
	return slices.ContainsFunc(trees, func(t string) bool { return match(t+"/**", dir) })
}
