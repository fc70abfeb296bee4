package main

import (
	"image"
	"image/color"
	"math"
	"math/cmplx"

	"gonum.org/v1/plot/palette/moreland"

	"github.com/centralita/centralita/dsp/pcm"
)

// Shape of the spectrogram: windows of 32 ms, bins of 31.25 Hz.
const (
	window   = 256
	bins     = window / 2
	loudest  = 0.0   // dBm0 of a sine that is drawn brightest
	faintest = -70.0 // and of one that is drawn black
)

// spectrogram draws samples as an image of the width asked for and bins high,
// 4 kHz at its top; a column shows the loudest window in its time.
func spectrogram(x []int16, width int) (image.Image, error) {
	heat := moreland.ExtendedBlackBody()
	heat.SetMin(faintest)
	heat.SetMax(loudest)
	shades := make([]color.Color, 256)
	for i := range shades {
		c, err := heat.At(faintest + (loudest-faintest)*float64(i)/255)
		if err != nil {
			return nil, err
		}
		shades[i] = c
	}
	img := image.NewRGBA(image.Rect(0, 0, width, bins))
	for col := range width {
		from, to := col*len(x)/width, (col+1)*len(x)/width
		for bin, p := range column(x, from, to) {
			db := pcm.DBm0(p)
			i := math.Round((db - faintest) / (loudest - faintest) * 255)
			img.Set(col, bins-1-bin, shades[int(max(0, min(255, i)))])
		}
	}
	return img, nil
}

// column returns, for each bin, the mean square of a sine as loud as the
// loudest in the windows around samples from to to.
func column(x []int16, from, to int) (most [bins]float64) {
	for at := from; at == from || at < to; at += window / 2 {
		var w [window]complex128
		for i := range w {
			if j := at - window/2 + i; j >= 0 && j < len(x) {
				hann := 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/window)
				w[i] = complex(float64(x[j])*hann, 0)
			}
		}
		transform(w[:])
		for k := range most {
			a := cmplx.Abs(w[k]) * 4 / window // peak of the sine: the window halves it, half of it is at −k
			most[k] = max(most[k], a*a/2)
		}
	}
	return most
}

// transform is the discrete Fourier transform in place; the length is a power of two.
func transform(x []complex128) {
	n := len(x)
	for i, j := 1, 0; i < n; i++ {
		bit := n >> 1
		for ; j&bit != 0; bit >>= 1 {
			j ^= bit
		}
		if j ^= bit; i < j {
			x[i], x[j] = x[j], x[i]
		}
	}
	for span := 2; span <= n; span *= 2 {
		turn := cmplx.Rect(1, -2*math.Pi/float64(span))
		for at := 0; at < n; at += span {
			w := complex(1, 0)
			for i := at; i < at+span/2; i++ {
				a, b := x[i], x[i+span/2]*w
				x[i], x[i+span/2] = a+b, a-b
				w *= turn
			}
		}
	}
}
