/** The one-file build of Handlebars: a fifth smaller than its modules, and without their optional source maps. */
declare module 'handlebars/dist/handlebars.min.js' {
  import Handlebars = require('handlebars');
  export default Handlebars;
}
