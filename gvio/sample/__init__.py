"""From pixels to samples: buffers, shared light, urban and rural statistics, patches."""
