// Told to Leaflet before it comes: an element with a 3D transform is a layer of its own, and hundreds of layers make every
// frame slow.
globalThis.L_DISABLE_3D = true;
