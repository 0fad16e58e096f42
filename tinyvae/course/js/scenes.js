/** Every scene by the name that its definition has: what a page of many explorers needs. */
import { default as bells } from "./bells.js";
import { default as cloud } from "./cloud.js";
import { default as crowd } from "./crowd.js";
import { default as emerge } from "./emerge.js";
import { default as latent_map } from "./latent_map.js";
import { default as morph } from "./morph.js";
import { default as painting } from "./painting.js";
import { default as subspace } from "./subspace.js";
import { default as survivors } from "./survivors.js";
import { default as three_ways } from "./three_ways.js";
import { default as walk } from "./walk.js";

export const SCENES = {
  bells, cloud, crowd, emerge, latent_map,
  morph, painting, subspace, survivors, three_ways, walk,
};
