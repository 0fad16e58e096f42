/** Every scene by the name that its definition has: what a page of many explorers needs. */
import { default as latent_map } from "./latent_map.js";
import { default as morph } from "./morph.js";
import { default as painting } from "./painting.js";
import { default as subspace } from "./subspace.js";

export const SCENES = { latent_map, morph, painting, subspace };
