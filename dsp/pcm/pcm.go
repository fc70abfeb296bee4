// Package pcm is the sample format that everything else agrees on: linear
// 16-bit PCM, one channel, 8000 samples a second, handled in frames of 20 ms.
package pcm

// Shape of the audio everywhere in the appliance.
const (
	Rate      = 8000 // samples a second
	FrameLen  = 160  // samples in one frame
	FrameTime = 20   // milliseconds in one frame
)

// Frame is 20 ms of audio.
type Frame [FrameLen]int16
