package main

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"github.com/centralita/centralita/dsp/pcm"
)

// Size of the picture: 1600 × 1000 points of the screen.
const (
	dots   = 100 // an inch
	wide   = 16 * vg.Inch
	high   = 10 * vg.Inch
	margin = vg.Length(10)
	// columns is how many steps of time are drawn at most.
	columns = 1450
)

// picture draws level, spectrogram and findings of a recording above each other
// on one axis of time and writes them to file.
func picture(file, title string, x []int16, found []finding) error {
	level, err := levels(x)
	if err != nil {
		return err
	}
	heat, err := heats(x)
	if err != nil {
		return err
	}
	lane, err := lanes(found)
	if err != nil {
		return err
	}
	level.Title.Text = filepath.Base(title)
	lane.X.Label.Text = "seconds"
	rows := [][]*plot.Plot{{level}, {heat}, {lane}}
	for _, r := range rows {
		r[0].X.Min, r[0].X.Max = 0, float64(len(x))/pcm.Rate
		r[0].X.Tick.Marker = plot.TickerFunc(ticks)
	}
	img := vgimg.NewWith(vgimg.UseWH(wide, high), vgimg.UseDPI(dots))
	tiles := draw.Tiles{Rows: len(rows), Cols: 1, PadTop: margin, PadBottom: margin, PadLeft: margin, PadRight: 2 * margin, PadY: margin}
	for i, c := range plot.Align(rows, tiles, draw.New(img)) {
		rows[i][0].Draw(c[0])
	}
	var b bytes.Buffer
	if _, err := (vgimg.PngCanvas{Canvas: img}).WriteTo(&b); err != nil {
		return cannot("write", file, err)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		return cannot("write", file, err)
	}
	return nil
}

// ticks marks an axis at even steps, about fifteen of them.
func ticks(from, to float64) []plot.Tick {
	step := 0.01
	for i := 0; (to-from)/step > 15; i++ {
		step *= [...]float64{2, 2.5, 2}[i%3] // 0.01 0.02 0.05 0.1 …
	}
	var out []plot.Tick
	for i := math.Ceil(from / step); i*step <= to; i++ {
		out = append(out, plot.Tick{Value: i * step, Label: strconv.FormatFloat(i*step, 'f', -1, 32)})
	}
	return out
}

// levels draws the level of frames; a step of time shows its loudest.
func levels(x []int16) (*plot.Plot, error) {
	all := frames(x)
	steps := min(len(all), columns)
	line := make(plotter.XYs, steps)
	for i := range line {
		most := pcm.Floor
		for j := i * len(all) / steps; j < (i+1)*len(all)/steps; j++ {
			most = max(most, all[j].Level())
		}
		line[i] = plotter.XY{X: float64(i*len(all)/steps) * pcm.FrameTime / 1000, Y: max(most, faintest)}
	}
	l, err := plotter.NewLine(line)
	if err != nil {
		return nil, fmt.Errorf("cannot draw the level: %w", err)
	}
	l.Color = color.RGBA{B: 160, A: 255}
	p := plot.New()
	p.Y.Label.Text = "level, dBm0"
	p.Add(plotter.NewGrid(), l)
	p.Y.Min, p.Y.Max = faintest, 3.14
	p.Y.Tick.Marker = plot.TickerFunc(ticks)
	return p, nil
}

// heats draws the spectrogram.
func heats(x []int16) (*plot.Plot, error) {
	img, err := spectrogram(x, min(columns, max(1, len(x)/(window/4))))
	if err != nil {
		return nil, fmt.Errorf("cannot draw the spectrogram: %w", err)
	}
	p := plot.New()
	p.Y.Label.Text = "frequency, Hz"
	p.Y.Tick.Marker = plot.TickerFunc(ticks)
	p.Add(plotter.NewImage(img, 0, 0, float64(len(x))/pcm.Rate, pcm.Rate/2))
	return p, nil
}

// lanes draws findings as bars, a lane for each kind.
func lanes(found []finding) (*plot.Plot, error) {
	var kinds []string
	for _, f := range found {
		if !slices.Contains(kinds, f.kind) {
			kinds = append(kinds, f.kind)
		}
	}
	slices.Sort(kinds)
	slices.Reverse(kinds) // the first on top
	p := plot.New()
	p.Y.Label.Text = "heard"
	ink := color.RGBA{R: 180, A: 255}
	var texts plotter.XYLabels
	for _, f := range found {
		if f.what == ended {
			continue // the bar of what ended shows it
		}
		y, from, to := float64(slices.Index(kinds, f.kind)), float64(f.from)/1000, float64(f.to)/1000
		bar, err := plotter.NewLine(plotter.XYs{{X: from, Y: y - 0.3}, {X: from, Y: y}, {X: to, Y: y}, {X: to, Y: y - 0.3}})
		if err != nil {
			return nil, fmt.Errorf("cannot draw the findings: %w", err)
		}
		bar.Color, bar.Width = ink, vg.Points(1.5)
		p.Add(bar)
		texts.XYs = append(texts.XYs, plotter.XY{X: from, Y: y + 0.1})
		texts.Labels = append(texts.Labels, short(f.what))
	}
	if len(found) > 0 {
		l, err := plotter.NewLabels(texts)
		if err != nil {
			return nil, fmt.Errorf("cannot draw the findings: %w", err)
		}
		p.Add(l)
	}
	if len(kinds) == 0 {
		kinds = []string{"nothing"}
	}
	p.Y.Min, p.Y.Max = -0.5, float64(len(kinds))-0.3
	p.NominalY(kinds...)
	return p, nil
}

// short is what of a finding is written into the picture.
func short(s string) string {
	const most = 24
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
